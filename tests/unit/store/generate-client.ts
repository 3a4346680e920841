import { generateClient } from '../../../scripts/generate'

/** lib/generated is not in the repository. */
export default function setup(): void {
  generateClient()
}
