/** A training configuration in which every layer has the bases that were chosen for it. */
import { InputError } from '../tensor/error'
import { parseTrainConfig } from './config'
import type { StudentConfig } from './plan'

export type RecipeChoice = {
  /** What the student was trained with, as its checkpoint says (`about.settings`). */
  settings: unknown
  /** File of the student, for errors. */
  file: string
  /** Bases of its layers by id, 0 for full precision. Layers that are not named stay as `settings` has them. */
  layers: readonly (readonly [id: string, bases: 0 | 1 | 2])[]
  /** Path of the teacher, as the configuration names it. */
  teacher: string
}

/**
 * The student's own training with the chosen bases: LMB where a layer has two, else its own method. Throws an InputError
 * if the student does not say how it was trained.
 */
export function recipeConfig({ settings, file, layers, teacher }: RecipeChoice): StudentConfig {
  const own = studentSettings(settings, file)
  const two = layers.some(([, bases]) => bases === 2)
  const method = two ? 'lmb' : own.binarizer.method === 'xnor' ? 'xnor' : 'sign'
  const { twoBases, activationBits, keptBits } = own.binarizer
  const others = layers.filter(([, bases]) => bases !== 1)
  return {
    ...own,
    name: `${own.name}-by-layer`,
    teacher,
    binarizer: {
      // one basis is what a layer has that is not named
      ...{ method, bases: 1, twoBases, activationBits, keptBits, tau: own.binarizer.tau },
      layers: Object.fromEntries(others),
    },
  }
}

function studentSettings(settings: unknown, file: string): StudentConfig {
  const fault = (problem: string) =>
    new InputError({
      ...{ file, item: 'settings', problem },
      remedy: 'A recipe is exported from a student that this trainer made; its bases by layer are in --json.',
    })
  if (typeof settings !== 'object' || settings === null || Object.keys(settings).length === 0)
    throw fault('the checkpoint does not say how it was trained')
  const config = parseTrainConfig(settings, file)
  if (config.role === 'student') return config
  throw fault('it was trained as a teacher')
}
