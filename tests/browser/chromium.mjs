// Starts Chromium for a script of this folder.

import { createRequire } from "node:module";
import { join } from "node:path";

// The browser, and what resolves other packages; `modules` is the folder with node_modules.
export async function start(modules) {
  const require = createRequire(join(modules, "package.json"));
  const browser = await require("playwright-core").chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
  return { browser, require };
}
