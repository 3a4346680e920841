import { writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { checkSameArchitecture } from '../diagnostics/diagnose'
import { type PartKind, partKinds } from '../diagnostics/sensitivity/parts'
import {
  type Budget,
  otherBases,
  type RecipePoint,
  type RecipeSearch,
  searchRecipe,
  studentCost,
} from '../diagnostics/sensitivity/recipe-search'
import { measureSensitivity, type Sensitivity } from '../diagnostics/sensitivity/sensitivity'
import { type Protocol, withSources } from '../diagnostics/sensitivity/variants'
import { timelineOf } from '../diagnostics/trajectory'
import { InputError } from '../tensor/error'
import type { StudentConfig } from '../train/plan'
import { recipeConfig } from '../train/recipe'
import type { Checkpoint } from '../unet/checkpoint'
import { startBackend } from './backend'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  type Flags,
  number,
  oneOf,
  printResult,
  progressBar,
  text,
  wholeNumber,
} from './command'
import { openCheckpoint, weightsFile } from './open'
import { describeSearch, describeSensitivity } from './sensitivity-table'

export const sensitivity: Command = {
  summary: 'which layer does the harm: one layer binarized, one layer restored',
  help: `usage: sensitivity TEACHER STUDENT [--by layer|block] [--budget-bytes N | --budget-ops N] [--recipe OUT.json] [--json]

Runs the teacher with one layer of the student at a time (binarized alone), and the student with one layer of the teacher (restored),
weights, bias and input quantizer together, on the states x_t of the teacher's own DDIM runs. The error is that of the predicted
noise against the teacher's, sum (eps - eps')^2 / sum eps^2: 0 is equal, 1 as large as the signal. Each figure is the
mean over timesteps and seeds with its standard error; most harmful first. A trained student has grown together: there restoring
a layer can harm, and a layer alone in the teacher says less than in a student of step 0.

With a budget or --recipe, goes on to a recipe "bits against error": every binarized layer has one basis, two, or full precision.
A greedy search begins with one basis everywhere and buys what saves most harm per byte or operation, taking the harms of
layers alone as adding up; what it finds on the way is then run as a whole, untrained.

  --by KIND        switch one layer (default) or one block at a time
  --seeds N        runs of the teacher, from the noise of seeds 0 to N-1 (default 3)
  --timesteps N    DDIM steps of each, all of which are measured (default 5)
  --images N       images of each (default 4)
  --budget-bytes N bytes of the packed file the recipe may take; without a budget, those of STUDENT
  --budget-ops N   operations instead, for one image and call (Eq. 16-17 for every basis: cost --convention bases-counted)
  --recipe OUT     write the best of them as a configuration for \`train\`: STUDENT's own training with these bases
${checkpointHelp}; else a table`,
  options: {
    ...checkpointOptions,
    by: { type: 'string' },
    seeds: { type: 'string' },
    timesteps: { type: 'string' },
    images: { type: 'string' },
    'budget-bytes': { type: 'string' },
    'budget-ops': { type: 'string' },
    recipe: { type: 'string' },
  },
  async run(positionals, flags) {
    const [teacherPath, studentPath] = pairOf(positionals)
    const by = oneOf(flags, 'by', partKinds, 'layer')
    const teacher = (await openCheckpoint(teacherPath, flags)).checkpoint
    const student = (await openCheckpoint(studentPath, flags)).checkpoint
    checkSameArchitecture(teacher, student)
    const protocol = protocolOf(flags, teacher)
    const budget = budgetOf(flags, student)
    const out = text(flags, 'recipe')
    const recipeFor = (layers: RecipePoint['layers']) =>
      out === undefined
        ? null
        : writtenBeside(out, { teacher: teacherPath, student: studentPath }, student, layers)
    // before the work, for what cannot be written after it
    recipeFor([])
    await startBackend()
    const result = await measured(teacher, student, by, protocol, budget)
    const { search, ...rest } = result
    const recipe = search && recipeFor(search.points[search.best]!.layers)
    if (out !== undefined && recipe) writeFileSync(out, `${JSON.stringify(recipe, null, 2)}\n`)
    const words = [describeSensitivity(rest), ...(search ? [describeSearch(search)] : [])].join('\n\n')
    printResult(
      flags,
      { files: { teacher: teacherPath, student: studentPath }, ...rest, search, recipe },
      words,
    )
    if (out !== undefined) console.error(`wrote ${out}`)
    return 0
  },
}

async function measured(
  teacher: Checkpoint,
  student: Checkpoint,
  by: PartKind,
  protocol: Protocol,
  budget: Budget | null,
): Promise<Sensitivity & { search: RecipeSearch | null }> {
  const networks = budget ? [teacher, student, otherBases(teacher, student)] : [teacher, student]
  return withSources(networks, async ([first, second, third]) => {
    const switching = progressBar('switching layers')
    const result = await measureSensitivity(teacher, [first!, second!], by, protocol, {
      onProgress: (done, total) => switching(done / total),
    })
    if (!budget || !third) return { ...result, search: null }
    const searching = progressBar('searching recipes')
    const search = await searchRecipe(
      { teacher, student },
      [first!, second!, third],
      result,
      budget,
      protocol,
      { onProgress: (done, total) => searching(done / total) },
    )
    return { ...result, search }
  })
}

/** The budget the flags give, or the student's own bytes if a recipe is wanted without; null if none is. */
function budgetOf(flags: Flags, student: Checkpoint): Budget | null {
  const [bytes, operations] = [text(flags, 'budget-bytes'), text(flags, 'budget-ops')]
  if (bytes !== undefined && operations !== undefined) {
    throw new InputError({
      ...{ file: '--budget-bytes', problem: '--budget-ops is given as well' },
      remedy: 'Give one of the two.',
    })
  }
  if (bytes !== undefined) return { unit: 'bytes', budget: positive(flags, 'budget-bytes') }
  if (operations !== undefined) return { unit: 'operations', budget: positive(flags, 'budget-ops') }
  return flags.recipe === undefined ? null : { unit: 'bytes', budget: studentCost(student, 'bytes') }
}

function positive(flags: Flags, name: string): number {
  const value = number(flags, name, 0)
  if (value > 0) return value
  throw new InputError({ file: `--${name}`, problem: `${value} is not above 0`, remedy: 'See --help.' })
}

/** The recipe with its paths as seen from the folder it is written to. */
function writtenBeside(
  out: string,
  paths: { teacher: string; student: string },
  { about }: Checkpoint,
  layers: RecipePoint['layers'],
): StudentConfig {
  const from = (path: string) => relative(dirname(resolve(out)), resolve(path))
  const config = recipeConfig({
    ...{ settings: about.settings, file: paths.student, layers },
    teacher: from(weightsFile(paths.teacher)),
  })
  const { path } = config.data
  if (path === undefined) return config
  return { ...config, data: { ...config.data, path: from(resolve(dirname(paths.student), path)) } }
}

function pairOf(positionals: readonly string[]): [string, string] {
  const [teacher, student] = positionals
  if (teacher !== undefined && student !== undefined && positionals.length === 2) return [teacher, student]
  throw new InputError({
    file: 'TEACHER STUDENT',
    problem: `${positionals.length} given, two needed`,
    remedy: 'See --help.',
  })
}

function protocolOf(flags: Flags, teacher: Checkpoint): Protocol {
  const seeds = wholeNumber(flags, 'seeds', 3, [1, 1000])
  return {
    timeline: timelineOf(wholeNumber(flags, 'timesteps', 5, [1, 1000]), teacher),
    seeds: Array.from({ length: seeds }, (_, seed) => seed),
    images: wholeNumber(flags, 'images', 4, [1, 256]),
  }
}
