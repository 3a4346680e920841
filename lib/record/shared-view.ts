import * as z from 'zod/mini'
import { pages, shareDays } from './view'

/** What a share link freezes: the view, and by content hash the checkpoints it showed. */
export const SharedView = z.object({
  page: z.enum(pages),
  /** Run name for the pages below /r. */
  run: z.nullable(z.string()),
  /** Layer id for the layer page. */
  layer: z.nullable(z.string()),
  /** The query string the sender saw, without '?'. */
  query: z.string().check(z.maxLength(2000)),
  /** Ids of the checkpoints shown, baseline first. */
  checkpoints: z.array(z.string()),
})
export type SharedView = z.infer<typeof SharedView>

/** What a page knows of itself; the query is read from the address bar when the link is made. */
export type ShareSubject = Omit<SharedView, 'query'>

/** What is chosen when a link is made: when it ends (null: never), and whether it names runs and files. */
export const ShareTerms = z.object({
  days: z._default(z.nullable(z.literal(shareDays)), null),
  anonymous: z._default(z.boolean(), false),
})
export type ShareTerms = z.infer<typeof ShareTerms>
