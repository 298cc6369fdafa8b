// Reads the pages of `touchpoint serve` in Chromium, as a reader would, and prints one line for each
// thing that was seen to work; where one does not, the exit code is 1.
//
//   node pages.mjs ADDRESS MODULES [--all] [--pictures FOLDER]
//
// MODULES: the folder with node_modules. With --all every page is also read in dark mode and as wide
// as a phone; with --pictures a picture of each is written to a folder.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { start } from "./chromium.mjs";

const [address, modules, ...options] = process.argv.slice(2);
const pictures = options.includes("--pictures") ? options[options.indexOf("--pictures") + 1] : null;
const { browser, require } = await start(modules);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PHONE = { width: 375, height: 812 };
const DESK = { width: 1280, height: 900 };
const VIEWS = {
  desk: { viewport: DESK, colorScheme: "light" },
  dark: { viewport: DESK, colorScheme: "dark" },
  phone: { viewport: PHONE, colorScheme: "light" },
};

// A page on which a request to another host, or anything that the browser complains about, is an error.
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) wrong.push(`requested ${request.url()}`);
  });
  page.on("console", (message) => {
    // The browser reports the status of a page that is not found.
    const isComplaint = ["error", "warning"].includes(message.type());
    if (isComplaint && !message.text().includes("status of 404")) wrong.push(message.text());
  });
  page.on("dialog", (dialog) => wrong.push(`a dialog: ${dialog.message()}`));
  return { page, context, wrong };
}

async function seen(what, work) {
  try {
    await work();
    console.log(`ok: ${what}`);
  } catch (error) {
    console.log(`FAILED: ${what}\n${error.stack}`);
    process.exitCode = 1;
  }
}

const number = (text) => Number(text.replaceAll(",", "").match(/\d+/)[0]);
const total = async (page) => number(await page.getByRole("status").textContent());

// What a reader does, without any script.
async function mainPath() {
  const { page, context, wrong } = await open({ javaScriptEnabled: false, viewport: DESK });
  await seen("words are searched, and a hit is opened", async () => {
    await page.goto(address);
    await page.getByLabel("Words").fill("offer");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    assert.match(page.url(), /\/search\?q=offer/);
    assert.ok((await total(page)) > 10);
    assert.match(await page.locator("mark").first().textContent(), /offer/i);
    const hit = page.locator("ol.hits h3 a").first();
    const subject = await hit.textContent();
    await hit.click();
    assert.equal(await page.locator("h1").textContent(), subject);
    await page.getByRole("heading", { name: "Mailboxes" }).waitFor();
  });
  await seen("a value narrows the search, and its link repeats it", async () => {
    await page.goBack();
    const all = await total(page);
    await page.locator("aside details", { hasText: "Account" }).getByRole("link").first().click();
    assert.match(page.url(), /account=/);
    const narrowed = await total(page);
    assert.ok(narrowed > 0 && narrowed < all, `${narrowed} of ${all}`);
    await page.goto(page.url());
    assert.equal(await total(page), narrowed);
  });
  await seen("the next page has other hits", async () => {
    await page.goto(`${address}search?kind=email`);
    const first = await page.locator("ol.hits h3 a").first().getAttribute("href");
    await page.getByRole("link", { name: "Next page" }).click();
    assert.notEqual(await page.locator("ol.hits h3 a").first().getAttribute("href"), first);
    await page.getByRole("link", { name: "Previous page" }).click();
    assert.equal(await page.locator("ol.hits h3 a").first().getAttribute("href"), first);
  });
  await seen("an account shows who knows it, its months and its people", async () => {
    await page.goto(address);
    await page.getByLabel("Contact, account or colleague").fill("fabrikam");
    await page.getByRole("button", { name: "Who knows them?" }).click();
    assert.match(page.url(), /\/account\//);
    assert.ok((await page.locator("table.relations tbody tr").count()) > 0);
    assert.ok((await page.locator("svg.plot rect").count()) > 1);
    assert.ok((await page.locator("svg.network line").count()) > 0);
    assert.ok((await page.locator("ol.hits li").count()) > 0);
    await page.locator("table.relations a").first().click();
    assert.match(page.url(), /\/colleague\//);
    await page.getByRole("heading", { name: "Cooling" }).waitFor();
  });
  await seen("a name that none has is answered with suggestions", async () => {
    await page.goto(`${address}find?name=fabrikan`);
    assert.equal(await page.locator("h1").textContent(), "Not found");
    await page.locator("main li a").first().click();
    assert.match(page.url(), /\/(account|contact)\//);
  });
  await seen("coverage lists every mailbox with what to do", async () => {
    await page.getByRole("link", { name: "Coverage" }).click();
    assert.ok((await page.locator("tbody tr").count()) > 10);
    await page.getByRole("link", { name: "Only those with problems" }).click();
    assert.ok((await page.locator("tr.problem").count()) > 0);
  });
  await seen("the keyboard skips to the content", async () => {
    await page.goto(`${address}coverage`);
    await page.keyboard.press("Tab");
    await page.locator(".skip:focus").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/#content$/);
  });
  await seen("nothing was requested from elsewhere", async () => assert.deepEqual(wrong, []));
  await context.close();
}

// The address of a page of each kind.
async function addresses() {
  const { page, context } = await open({ viewport: DESK });
  const of = async (link) => {
    await page.goto(new URL(link, address).href);
    return page.url();
  };
  await page.goto(`${address}search?q=offer&sort=relevance`);
  const search = page.url();
  const interaction = await page.locator("ol.hits h3 a").first().getAttribute("href");
  const contact = await page.locator("a.chip[href^='/contact/']").first().getAttribute("href");
  const account = await page.locator("a.chip[href^='/account/']").first().getAttribute("href");
  const colleague = await page.locator("ol.hits a[href^='/colleague/']").first().getAttribute("href");
  const pages = {
    start: address,
    search,
    interaction: await of(interaction),
    contact: await of(contact),
    account: await of(account),
    colleague: await of(colleague),
    coverage: `${address}coverage`,
    "not-found": `${address}find?name=fabrikan`,
  };
  await context.close();
  return pages;
}

// What axe-core finds on a page, serious or critical.
async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run());
  const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  return serious.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

async function eachPage() {
  for (const [name, link] of Object.entries(await addresses())) {
    for (const [view, settings] of Object.entries(VIEWS)) {
      if (view !== "desk" && !options.includes("--all")) continue;
      const { page, context, wrong } = await open(settings);
      await seen(`${name}, ${view}: nothing serious, nothing from elsewhere, nothing too wide`, async () => {
        const answer = await page.goto(link);
        const isMissing = name === "not-found";
        assert.equal(answer.status(), isMissing ? 404 : 200);
        if (pictures) await page.screenshot({ path: join(pictures, `${name}-${view}.png`) });
        assert.deepEqual(await violations(page), []);
        const uneven = await page.evaluate(() =>
          [...document.querySelectorAll("table")].flatMap((table) => {
            const columns = table.querySelector("thead tr").cells.length;
            return [...table.querySelectorAll("tbody tr")].filter((row) => row.cells.length !== columns);
          }).map((row) => row.textContent),
        );
        assert.deepEqual(uneven, [], "rows with more or fewer cells than the head");
        const [content, window] = await page.evaluate(() => [
          document.documentElement.scrollWidth, document.documentElement.clientWidth,
        ]);
        assert.ok(content <= window, `${content} of ${window} points`);
        assert.deepEqual(wrong, []);
      });
      await context.close();
    }
  }
}

try {
  await mainPath();
  await eachPage();
} finally {
  await browser.close();
}
