import { createLoader } from 'nuqs/server'
import { viewParams } from './view'

/** The view state that a query stands for. */
export const loadViewParams = createLoader(viewParams)
