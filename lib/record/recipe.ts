/** What a student was made by, as a row of an ablation: its binarizer, and what it was trained with beside. */

export type Recipe = {
  /** Binarizer and additions: 'sign', 'lmb', 'sign+lrm', 'lmb+lrm+progressive', ... 'teacher' for a teacher. */
  id: string
  /** As BinaryDM's ablations call it. */
  label: string
}

type Described = { role: 'teacher' | 'student'; method: string; settings: Record<string, unknown> }

/** Rows of an ablation from top to bottom; others stand below, by name. */
const order = [
  'teacher',
  'xnor',
  'sign',
  'lmb',
  'sign+lrm',
  'sign+lrm-normalised',
  'lmb+lrm',
  'lmb+lrm-normalised',
  'lmb+lrm+progressive',
  'lmb+lrm-normalised+progressive',
  'ebb',
  'ebb+lrm',
  'ebb+lrm-normalised',
]

const names: Record<string, string> = {
  teacher: 'Teacher, full precision',
  xnor: 'XNOR',
  sign: 'Baseline',
  'lmb+lrm+progressive': 'BinaryDM v1 (full)',
  'lmb+lrm-normalised+progressive': 'BinaryDM v1 (full, LRM normalised)',
  'ebb+lrm': 'BinaryDM v5 (EBB + LRM)',
  'ebb+lrm-normalised': 'BinaryDM v5 (EBB + LRM normalised)',
}

const additions: Record<string, string> = {
  lmb: 'LMB',
  ebb: 'EBB',
  xnor: 'XNOR',
  'by-layer': 'bases by layer',
  lrm: 'LRM',
  'lrm-normalised': 'LRM (normalised)',
  progressive: 'progressive initialisation',
}

/** The recipe of a run by its training configuration; of runs without one by the method of their checkpoints. */
export function recipeOf({ role, method, settings }: Described): Recipe {
  const id = role === 'teacher' ? 'teacher' : studentId(method, settings)
  return { id, label: names[id] ?? partsLabel(id) }
}

/** For sorting: the place of a recipe in an ablation. */
export function compareRecipes(a: Recipe, b: Recipe): number {
  const place = ({ id }: Recipe) => (order.includes(id) ? order.indexOf(id) : order.length)
  return place(a) - place(b) || (a.label < b.label ? -1 : a.label > b.label ? 1 : 0)
}

function studentId(method: string, settings: Record<string, unknown>): string {
  const binarizer = field(settings, 'binarizer')
  const lrm = field(settings, 'lrm')
  const parts = [typeof binarizer?.method === 'string' ? binarizer.method : leading(method)]
  if (field(binarizer ?? {}, 'layers')) parts.push('by-layer')
  if (lrm) parts.push(lrm.form === 'normalised' ? 'lrm-normalised' : 'lrm')
  if (field(settings, 'progressive')) parts.push('progressive')
  return parts.join('+')
}

/** 'lmb' of 'lmb + sign': layers with one basis beside those with two are part of the binarizer. */
function leading(method: string): string {
  return method.split(' + ').find((name) => name !== 'sign') ?? method
}

/** "+ LMB + LRM"; the plain binarizer is what the others add to. */
function partsLabel(id: string): string {
  const parts = id.split('+').filter((part) => part !== 'sign')
  return parts.map((part) => `+ ${additions[part] ?? part}`).join(' ')
}

function field(settings: Record<string, unknown>, name: string): Record<string, unknown> | null {
  const value = settings[name]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
}
