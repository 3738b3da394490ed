// Cards by satori and resvg-js, warm: `node peer-satori.mjs FOLDER COUNT`. The photo is cut to its box with sharp before. Prints CPU and
// wall milliseconds a card.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import satori from 'satori';
import sharp from 'sharp';

const [folder, count] = process.argv.slice(2);
const font = (weight) => ({
  name: 'Inter',
  weight,
  data: readFileSync(new URL(`node_modules/@fontsource/inter/files/inter-latin-${weight}-normal.woff`, import.meta.url)),
});
const fonts = [font(400), font(700)];
const tagline = readFileSync(join(folder, 'tagline.txt'), 'utf8');
const logo = `data:image/svg+xml;base64,${readFileSync(join(folder, 'logo.svg')).toString('base64')}`;
const box = (style, children) => ({ type: 'div', props: { style: { display: 'flex', ...style }, children } });

const card = async (number) => {
  const photo = await sharp(join(folder, `photos/p${number}.jpg`)).autoOrient().resize(1080, 1350).jpeg({ quality: 90 }).toBuffer();
  const src = `data:image/jpeg;base64,${photo.toString('base64')}`;
  const chip = (text) => box({ padding: '12px 24px', borderRadius: 999, background: 'rgba(255,255,255,0.2)', fontSize: 28 }, text);
  const shade = 'linear-gradient(to bottom, rgba(0,0,0,0), rgba(0,0,0,0.8))';
  const svg = await satori(
    box({ position: 'relative', width: 1080, height: 1350, fontFamily: 'Inter', color: '#fff' }, [
      { type: 'img', props: { src, width: 1080, height: 1350, style: { position: 'absolute', left: 0, top: 0 } } },
      box({ position: 'absolute', left: 0, bottom: 0, width: 1080, height: 900, backgroundImage: shade }),
      { type: 'img', props: { src: logo, width: 150, height: 150, style: { position: 'absolute', left: 60, top: 60 } } },
      box(
        {
          position: 'absolute', left: 60, top: 240, padding: '12px 28px', borderRadius: 999, background: 'rgba(255,255,255,0.9)', color: '#1f2933',
          fontSize: 30, boxShadow: '0 6px 18px rgba(0,0,0,0.3)',
        },
        'New this week',
      ),
      box(
        {
          position: 'absolute', right: 60, top: 60, padding: '28px 40px', borderRadius: 24, background: '#d9480f', fontSize: 64,
          fontWeight: 700, transform: 'rotate(6deg)', boxShadow: '0 12px 32px rgba(0,0,0,0.4), 0 2px 6px rgba(0,0,0,0.3)',
        },
        '$24',
      ),
      box({ position: 'absolute', left: 60, bottom: 60, width: 960, flexDirection: 'column' }, [
        box(
          { fontSize: 96, fontWeight: 700, lineHeight: 1.05, textWrap: 'balance', textShadow: '0 4px 16px rgba(0,0,0,0.5)' },
          `Calming Tincture ${number}`,
        ),
        box({ display: 'block', lineClamp: 2, margin: '24px 0', fontSize: 36, lineHeight: 1.35 }, tagline),
        box({ gap: 16 }, ['Vegan', 'Small batch', 'Made by hand'].map(chip)),
        box(
          {
            alignSelf: 'flex-start', marginTop: 36, padding: '22px 44px', borderRadius: 20, background: '#fff', color: '#1f2933', fontSize: 40,
            fontWeight: 700, boxShadow: '0 10px 28px rgba(0,0,0,0.45)',
          },
          'Order yours',
        ),
      ]),
    ]),
    { width: 1080, height: 1350, fonts },
  );
  return new Resvg(svg).render().asPng();
};
await card(0);
const [cpu, start] = [process.cpuUsage(), performance.now()];
let last;
for (let number = 0; number < Number(count); number++) last = await card(number);
const { user, system } = process.cpuUsage(cpu);
console.log(((user + system) / 1000 / count).toFixed(2), ((performance.now() - start) / count).toFixed(2));
writeFileSync(join(folder, 'satori.png'), last);
