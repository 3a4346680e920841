import { type Browser, expect, type Page, test } from '@playwright/test'
import { pageParams, type ViewParams } from '../../lib/record/view'

/** How a reader sets a control, and what the page shows of it then. */
type Control = { set: (page: Page) => Promise<unknown>; shows: (page: Page) => Promise<string | null> }

type Pages = typeof pageParams
/** The name of a spec where the control needs another store than this one has, and is tried there. */
type Elsewhere = `${string}.spec.ts`
type Controls = { [P in keyof Pages]: Record<Pages[P][number] & keyof ViewParams, Control | Elsewhere> }

const checked = (group: string) => (page: Page) =>
  page
    .getByRole('radiogroup', { name: group, exact: true })
    .getByRole('radio', { checked: true })
    .textContent()
const choose = (group: string, option: string) => (page: Page) =>
  page
    .getByRole('radiogroup', { name: group, exact: true })
    .getByRole('radio', { name: option, exact: true })
    .click()
const value = (label: string) => (page: Page) => page.getByLabel(label, { exact: true }).inputValue()
const type = (label: string, text: string) => async (page: Page) => {
  await page.getByLabel(label, { exact: true }).fill(text)
  await page.getByLabel(label, { exact: true }).press('Enter')
}
const press = (key: string) => (page: Page) => page.keyboard.press(key)
/** An entry of the second bar, e.g. "step 1,000 4 of 4". */
const bar = (name: RegExp) => (page: Page) =>
  page
    .getByRole('region', { name: 'Shown here' })
    .locator('.context-item', { hasText: name })
    .first()
    .textContent()

/** Presses a key in a chart, which has the focus then. */
const inChart = (name: RegExp, key: string) => (page: Page) =>
  page.getByRole('group', { name }).first().press(key)

const stepSlider = (page: Page) => page.getByRole('slider', { name: /^Checkpoint by training step/ })
const axesSlider = (page: Page) =>
  page.getByRole('region', { name: /^Low-rank representation, module by module/ }).getByRole('slider')
const sheet = (page: Page) => page.getByRole('region', { name: /^Layers × timesteps/ })
const ranked = (page: Page) => page.getByRole('region', { name: 'Layers ranked by change' })
/** What there is of something that the page shows only once it is set. */
const all = (of: (page: Page) => ReturnType<Page['locator']>) => async (page: Page) =>
  (await of(page).allTextContents()).join()
const loss = (page: Page) => page.getByRole('region', { name: 'Training loss' })
const training = (page: Page) => page.getByRole('region', { name: 'Over the training' })
const pickedRow = (table: (page: Page) => ReturnType<Page['locator']>) => (page: Page) =>
  table(page).locator('tr.picked').getByRole('rowheader').first().textContent()

const layerId = 'up_blocks.0.resnets.0.conv1'
const switched = 'Weights of up_blocks.1.resnets.1.conv_shortcut'
const switchedBlock = (page: Page) => page.getByRole('button', { name: /^up_blocks\.1\.resnets\.1 / })

/** Teacher and student have drawn: until then the page shows the newest step both have done. */
async function drawn(page: Page): Promise<void> {
  for (const way of ['teacher', 'one bit'])
    await expect(page.getByText(`${way} 4 of 4 steps`)).toBeVisible({ timeout: 60_000 })
}

/**
 * Every parameter of every page. The type asks for what lib/record/view.ts lists, so that a parameter without a test does not
 * compile, and the first test below looks at it once more.
 */
const controls: Controls = {
  runs: {
    r: {
      set: async (page) => {
        await page.getByRole('checkbox', { name: 'Pick mnist-baseline to compare' }).check()
        await page.getByRole('checkbox', { name: 'Pick mnist-lmb to compare' }).check()
      },
      shows: async (page) =>
        (await page.getByRole('region', { name: 'Picked runs' }).allTextContents()).join(),
    },
    q: {
      set: (page) => page.getByRole('searchbox', { name: 'Filter runs' }).fill('bits:w1a4 mnist'),
      shows: (page) => page.getByText(/ shown$/).textContent(),
    },
    order: {
      set: (page) => page.getByRole('button', { name: 'Last, dB ↑' }).click(),
      shows: (page) => page.getByRole('columnheader', { name: 'Last, dB ↑' }).getAttribute('aria-sort'),
    },
    page: 'list.spec.ts',
  },
  run: {
    c: {
      set: (page) => stepSlider(page).press('Home'),
      shows: (page) => stepSlider(page).getAttribute('aria-valuenow'),
    },
    t: {
      set: (page) => page.getByRole('button', { name: 'Timestep after' }).click(),
      shows: bar(/^t\W*\d/),
    },
    l: { set: press('n'), shows: pickedRow(sheet) },
    m: {
      set: choose('Metric of the map and the U-Net', 'cosine ↑'),
      shows: checked('Metric of the map and the U-Net'),
    },
    e: {
      set: choose('Error of the map and the U-Net', 'inherited'),
      shows: checked('Error of the map and the U-Net'),
    },
    u: {
      set: (page) => page.getByLabel('Colour of the U-Net').selectOption('macs'),
      shows: (page) => page.getByRole('group', { name: /^U-Net of / }).getAttribute('aria-label'),
    },
    k: { set: (page) => axesSlider(page).fill('100'), shows: (page) => axesSlider(page).inputValue() },
    sort: {
      set: (page) => sheet(page).getByRole('button', { name: 'worst first' }).click(),
      shows: (page) => sheet(page).getByRole('button', { name: 'worst first' }).getAttribute('aria-pressed'),
    },
    x: {
      set: (page) => loss(page).getByRole('group').press('+'),
      shows: all((page) => loss(page).getByText(/points shown/)),
    },
  },
  layer: {
    c: { set: press('['), shows: bar(/^step/) },
    t: { set: inChart(/^Output SQNR of /, 'ArrowLeft'), shows: bar(/^t\W*\d/) },
    ch: { set: inChart(/^Scales of \d+ channels/, 'ArrowRight'), shows: bar(/^channel/) },
  },
  compare: {
    r: {
      set: async (page) => {
        await page.getByLabel('Step of mnist-lmb').selectOption('200')
        await expect(page).toHaveURL(/mnist-lmb@200/, { timeout: 2000 })
      },
      shows: value('Step of mnist-lmb'),
    },
    l: { set: press('n'), shows: pickedRow(ranked) },
    t: {
      set: async (page) => {
        await ranked(page).getByRole('group').first().press('ArrowLeft')
      },
      shows: async (page) =>
        (
          await page
            .getByRole('region', { name: 'Its output over timesteps' })
            .getByText(/^t \d+$/)
            .allTextContents()
        ).join(),
    },
    i: {
      set: (page) =>
        page
          .getByRole('button', { name: /^Picture 3 of/ })
          .first()
          .click(),
      shows: (page) => page.getByRole('heading', { name: /^Picture \d+: wipe/ }).textContent(),
    },
    w: {
      set: (page) => page.getByRole('slider', { name: /^Wipe/ }).fill('30'),
      shows: (page) => page.getByRole('slider', { name: /^Wipe/ }).getAttribute('aria-valuetext'),
    },
    p: {
      set: (page) => page.getByRole('group', { name: /^Picture \d+, difference/ }).press('ArrowLeft'),
      shows: all((page) => page.getByRole('region', { name: /^Pixel / })),
    },
    y: {
      set: (page) => page.getByLabel('Curve over the training').selectOption('log:loss'),
      shows: (page) => training(page).getByRole('group').getAttribute('aria-label'),
    },
    x: {
      set: (page) => training(page).getByRole('group').press('+'),
      shows: all((page) => training(page).getByText(/^As the trainings.* points shown/)),
    },
  },
  sample: {
    steps: { set: type('Sampling steps', '4'), shows: value('Sampling steps') },
    n: {
      set: (page) => page.getByLabel('Images', { exact: true }).selectOption('9'),
      shows: value('Images'),
    },
    seed: { set: type('Seed', '4294967295'), shows: value('Seed') },
    c: {
      set: (page) => page.getByRole('button', { name: 'Checkpoint before' }).click(),
      shows: bar(/^student.*step/),
    },
    sampler: { set: choose('Sampler', 'DDPM'), shows: checked('Sampler') },
    show: { set: choose('What the pictures show', 'x_t'), shows: checked('What the pictures show') },
    view: {
      set: choose('How many images are shown', 'single'),
      shows: (page) =>
        page
          .getByRole('radio', { name: / of the teacher$/ })
          .count()
          .then(String),
    },
    speed: {
      set: (page) => page.getByLabel('Speed of playing').selectOption('2'),
      shows: value('Speed of playing'),
    },
    threads: { set: choose('Threads of the engine', '2'), shows: checked('Threads of the engine') },
    sw: {
      set: async (page) => {
        if ((await switchedBlock(page).getAttribute('aria-expanded')) === 'false')
          await switchedBlock(page).click()
        await choose(switched, '1')(page)
      },
      shows: async (page) =>
        page
          .getByRole('radiogroup', { name: 'Layers listed' })
          .getByRole('radio', { name: / changed$/ })
          .textContent(),
    },
    way: {
      set: choose('How the student shown is run', 'one bit'),
      shows: checked('How the student shown is run'),
    },
    i: {
      set: (page) => page.getByRole('button', { name: 'Image after' }).click(),
      shows: (page) => page.getByRole('heading', { name: /^Image #\d+ on its way/ }).textContent(),
    },
    t: {
      set: async (page) => {
        await drawn(page)
        await page.getByRole('heading', { level: 2 }).first().click()
        await page.keyboard.press('ArrowLeft')
      },
      shows: async (page) => {
        await drawn(page)
        return page.getByText(/^(predicted image|noisy state).* at t = \d+$/).textContent()
      },
    },
  },
  results: {},
}

const isHere = (entry: [string, Control | Elsewhere]): entry is [string, Control] =>
  typeof entry[1] !== 'string'

const starts: Record<keyof Pages, string> = {
  runs: '/',
  run: '/r/mnist-lmb',
  layer: `/r/mnist-lmb/${layerId}`,
  compare: '/compare?r=mnist-baseline@1000,mnist-lmb@1000',
  sample: '/r/mnist-lmb/sample',
  results: '/results',
}

/** The same link in a browser that has seen nothing of it. */
async function openFresh(browser: Browser, address: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(address)
  return page
}

test('every parameter of the code has a control that is tried here', () => {
  for (const [page, params] of Object.entries(pageParams))
    expect(Object.keys(controls[page as keyof Pages]).sort()).toEqual([...params].sort())
})

for (const [name, start] of Object.entries(starts) as [keyof Pages, string][])
  test(`whatever is set on the page "${name}" is in its link, and the link shows it again`, async ({
    page,
    browser,
  }) => {
    await page.goto(start)
    const shown: Record<string, string | null> = {}
    const all = Object.entries<Control | Elsewhere>(controls[name]).filter(isHere)
    for (const [param, { set, shows }] of all) {
      // controls of a page that is not there before others are set have nothing to show yet
      const before = await shows(page).catch(() => null)
      await test.step(`set ${param}`, async () => {
        await expect(async () => {
          // what is pressed before the page listens does nothing
          await set(page)
          await expect(page).toHaveURL(new RegExp(`[?&]${param}=`), { timeout: 2000 })
        }).toPass({ timeout: 90_000 })
        await expect.poll(() => shows(page)).not.toBe(before)
        // what is set while a checkpoint loads can be lost from the link when that has come
        await expect(page.locator('[class$="-head"][aria-busy="true"]')).toHaveCount(0)
      })
    }
    for (const [param, { shows }] of all) shown[param] = await shows(page)
    const address = page.url()
    expect(address.length, address).toBeLessThanOrEqual(300)
    const fresh = await openFresh(browser, address)
    for (const [param, { shows }] of all)
      await expect
        .poll(() => shows(fresh), { message: `${param} of ${address}`, timeout: 90_000 })
        .toBe(shown[param])
    expect(fresh.url()).toBe(address)
    await fresh.context().close()
  })
