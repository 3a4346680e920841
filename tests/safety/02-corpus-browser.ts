import { chromium } from '@playwright/test'
import { ensureChromium } from '../../scripts/chromium'
import { corpus } from '../corpus/corpus'
import { judgedHere, judgedInBrowser } from '../corpus/in-browser'
import type { SafetyRow } from './row'

export const row: SafetyRow = {
  test: `the same ${corpus.length} files read in Chromium and in Node`,
  gate: 'the same verdict on every file, in the same words',
  async measure(say) {
    const browser = await chromium.launch({ executablePath: ensureChromium(), args: ['--no-sandbox'] })
    try {
      const page = await (await browser.newContext()).newPage()
      const [there, here] = [await judgedInBrowser(page), await judgedHere()]
      const different = here.filter((of, i) => JSON.stringify(of) !== JSON.stringify(there[i]))
      const wrong = there.filter((of) => of.wrong !== '')
      for (const { file, message } of [...different, ...wrong]) say(`${file}: ${message}`)
      return {
        holds: different.length === 0 && wrong.length === 0,
        found: `${different.length} differ, ${wrong.length} wrong`,
        figures: { files: there.length, different: different.length, wrong: wrong.length },
      }
    } finally {
      await browser.close()
    }
  },
}
