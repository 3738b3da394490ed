// Cards by headless Chromium, in one warm page: `node peer-chromium.mjs FOLDER COUNT TYPE CHROMIUM`. The folder holds the photos, card.html,
// card.css and logo.svg; TYPE is jpeg or png. Prints CPU milliseconds, of Chromium's processes too, and wall milliseconds, both a card.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const [folder, count, type, executablePath] = process.argv.slice(2);
const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });

// In hundredths of a second, as Linux counts them in the 14th to 17th word (children that ended included).
const ticks = (pid) => {
  const words = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return { parent: Number(words[1]), used: [11, 12, 13, 14].reduce((sum, at) => sum + Number(words[at]), 0) };
};
const used = () => {
  const all = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      all.set(Number(pid), ticks(pid));
    } catch {
      // It has ended.
    }
  }
  const isOurs = (pid) => pid === browser.process().pid || (all.has(pid) && isOurs(all.get(pid).parent));
  let sum = 0;
  for (const [pid, { used }] of all) if (isOurs(pid)) sum += used;
  return sum * 10 + process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
};

const html = readFileSync(join(folder, 'card.html'), 'utf8');
const tagline = readFileSync(join(folder, 'tagline.txt'), 'utf8');
const css = readFileSync(join(folder, 'card.css'), 'utf8');
const page = await browser.newPage();
await page.setViewport({ width: 1080, height: 1350 });
const card = async (number) => {
  const fields = { photo: `photos/p${number}.jpg`, name: `Calming Tincture ${number}`, price: '$24', tagline };
  const filled = html.replace(/\{\{(\w+)\}\}/g, (_, name) => fields[name]).replace(/<link[^>]*>/, `<style>${css}</style>`);
  const file = join(folder, `page-${number}.html`);
  writeFileSync(file, filled);
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
  return page.screenshot(type === 'png' ? { type } : { type, quality: 85 });
};
await card(0);
const [cpu, start] = [used(), performance.now()];
let last;
for (let number = 0; number < Number(count); number++) last = await card(number);
console.log(((used() - cpu) / count).toFixed(2), ((performance.now() - start) / count).toFixed(2));
writeFileSync(join(folder, `chromium.${type}`), last);
await browser.close();
