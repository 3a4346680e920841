import { compileKernels } from '../../../scripts/kernels'

/** public/engine is not in the repository. */
export default function setup(): void {
  compileKernels()
}
