// Builds the page: one HTML file with everything in it, and a policy that allows nothing else.
//
//   node build.mjs           writes the page
//   node build.mjs --check   fails where the page is not what the sources give

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const PAGE = "datacode/server/page/index.html";

// The editor's style sheets are made by script. As <style> elements the policy would refuse
// them; as constructed sheets, which the library otherwise uses in shadow roots only, it does not.
const constructedSheets = {
  name: "constructed-sheets",
  setup(builder) {
    builder.onLoad({ filter: /style-mod\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const condition = "!root.head && root.adoptedStyleSheets";
      if (!text.includes(condition)) throw new Error(`${path}: the condition for constructed sheets has moved`);
      return { contents: text.replace(condition, "root.adoptedStyleSheets"), loader: "js" };
    });
  },
};

async function bundle(entry) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: ["es2022", "chrome111", "firefox114", "safari16.4"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    plugins: [constructedSheets],
  });
  return result.outputFiles[0].text.trim();
}

function hash(text) {
  return `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
}

function policy(script, style) {
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "connect-src ws: wss:",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

async function page() {
  const script = (await bundle("src/main.ts")).replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  const style = await bundle("src/style.css");
  const parts = { CSP: policy(script, style), STYLE: style, SCRIPT: script };
  const template = readFileSync(join(here, "src/page.html"), "utf8");
  return template.replace(/%(CSP|STYLE|SCRIPT)%/g, (_all, name) => parts[name]);
}

const html = await page();
const path = join(root, PAGE);
if (process.argv.includes("--check")) {
  let current = "";
  try {
    current = readFileSync(path, "utf8");
  } catch {
    // Missing is as stale as different.
  }
  if (current !== html) {
    console.error(`${PAGE} is not what web/src gives: run "npm run build" in web/`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, html);
  console.log(`${PAGE}: ${(Buffer.byteLength(html) / 1024).toFixed(0)} KiB`);
}
