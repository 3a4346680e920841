import type { ChartTable } from './data-table'

/** The table behind each chart on the page, for what is made of the whole page. */
export const chartTables = new WeakMap<Element, ChartTable>()
