// Makes the pictures of the documents from the lake of the demo.
//
//   node screenshots.mjs ADDRESS MODULES FOLDER

import { join } from "node:path";

import { start } from "./chromium.mjs";

const [address, modules, folder] = process.argv.slice(2);

// The demo ends in this month.
const AS_OF = "2026-03-03";
const PAGES = {
  search: "search?q=workshop&sort=relevance",
  account: "find?name=fabrikam",
  coverage: "coverage",
};

const { browser } = await start(modules);
const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, colorScheme: "light" });
const page = await context.newPage();
for (const [name, link] of Object.entries(PAGES)) {
  await page.goto(address + link);
  if (name === "account") await page.goto(`${page.url()}?as_of=${AS_OF}&limit=3`);
  await page.setViewportSize({ width: 1100, height: name === "account" ? 1300 : 760 });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
await browser.close();
