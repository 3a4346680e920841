import { corpus } from '../corpus/corpus'
import { uploadCorpus } from '../corpus/over-http'
import { makeServer } from '../unit/api/server'
import type { SafetyRow } from './row'

const legal = corpus.filter((of) => !('says' in of)).length

export const row: SafetyRow = {
  test: `${corpus.length} hostile and odd files uploaded to a running server, eight at a time`,
  gate: 'each hostile one a 4xx with its reason and nothing stored, each legal one kept, the same process at the end',
  async measure(say) {
    const server = await makeServer()
    try {
      await server.start()
      const wrong = await uploadCorpus(server.url)
      for (const complaint of wrong) say(complaint)
      const alive = (await fetch(`${server.url}/api/v1/health`)).ok && server.runs()
      return {
        holds: wrong.length === 0 && alive,
        found: `${legal} kept, ${corpus.length - legal} refused, ${wrong.length} wrong, ${alive ? 'same process' : 'the server ended'}`,
        figures: { files: corpus.length, legal, wrong: wrong.length, alive: String(alive) },
      }
    } finally {
      await server.remove()
    }
  },
}
