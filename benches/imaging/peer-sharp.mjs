// One photo becomes several JPEGs with sharp. Reads orders from its input, one a line, and answers each with a line:
// CPU milliseconds, wall milliseconds, bytes.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import sharp from 'sharp';

const sizes = process.argv.slice(2).map((size) => size.split('x').map(Number));
// Every round does the whole work.
sharp.cache(false);

let photo;

// As the documentation shows it: every size from the file, all at once. Upright, sRGB, Lanczos3, 4:2:0 and optimised Huffman tables;
// all but the first are sharp's defaults.
const usual = () =>
  Promise.all(
    sizes.map(([width, height]) => sharp(photo).autoOrient().resize(width, height).jpeg({ quality: 85 }).toBuffer()),
  );

// As those write it who know it well: decoded once, to pixels that are upright and sRGB already.
const expert = () => decodedOnce(false);

// The same, at half the size where that is still 1.8 times the largest size, by the same rule as ours.
const expertAtHalf = () => decodedOnce(true);

const decodedOnce = async (half) => {
  const { autoOrient: full } = await sharp(photo).metadata();
  const scale = Math.max(...sizes.flatMap(([width, height]) => [width / full.width, height / full.height]));
  const once = sharp(photo).autoOrient();
  if (half && scale * 1.8 <= 0.5) once.resize(Math.ceil(full.width / 2), Math.ceil(full.height / 2), { fit: 'fill' });
  const { data, info } = await once.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  return Promise.all(
    sizes.map(([width, height]) => sharp(data, { raw }).resize(width, height).jpeg({ quality: 85 }).toBuffer()),
  );
};

const ways = { usual, expert, expertAtHalf };
console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, node ${process.version}`);
for await (const order of createInterface({ input: process.stdin })) {
  const [word, rest] = order.split(/ (.*)/);
  if (word === 'open') {
    photo = await readFile(rest);
    console.log('opened');
    continue;
  }
  sharp.concurrency(Number(rest));
  const cpu = process.cpuUsage();
  const start = performance.now();
  const files = await ways[word]();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const bytes = files.reduce((sum, file) => sum + file.length, 0);
  console.log(`${((user + system) / 1000).toFixed(2)} ${wall.toFixed(2)} ${bytes}`);
}
