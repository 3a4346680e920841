import { lastStep } from '../../../lib/record/training-job'
import { HttpError } from './_route'

/** Reads the query of a request: `query(name)` is the value, or what else is said; 422 if it is missing. */
export function queryOf(request: Request): (name: string, otherwise?: string) => string {
  const { searchParams } = new URL(request.url)
  return (name, otherwise) => {
    const value = searchParams.get(name) ?? otherwise
    if (value === undefined) throw invalid(name, `?${name}= is missing`)
    return value
  }
}

/** A training step or a seed. */
export function wholeNumber(name: string, value: string): number {
  if (/^\d{1,10}$/.test(value) && Number(value) <= lastStep) return Number(value)
  throw invalid(name, `${name} must be a whole number from 0 to ${lastStep}`)
}

function invalid(field: string, problem: string): HttpError {
  return new HttpError({ status: 422, code: 'invalid', message: `${problem}.`, field })
}
