/** Who may read a stored file: whoever may read, and whoever holds a share link that shows it. */
import { sharesFile } from '@/lib/store/shares'
import { refusalOf } from './_access'
import { HttpError } from './_route'

/** Throws the refusal of a request that may not read the file of this hash; ?share=TOKEN names the share link. */
export async function checkMayRead(request: Request, sha256: string): Promise<void> {
  const share = new URL(request.url).searchParams.get('share')
  if (share !== null && (await sharesFile(share, sha256))) return
  const refusal = await refusalOf(request.method, request.headers, 'read')
  if (refusal) throw new HttpError(refusal)
}
