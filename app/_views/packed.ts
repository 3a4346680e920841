/**
 * Data of a view as one text. What a client component is given React would write value by value, read again to draw the page on
 * the server, and read once more in the browser: with two hundred layers that takes longer than drawing them.
 */
export type Packed<T> = string & { readonly of?: T }

/** Properties of a view whose data comes as a text. */
export type PackedProps<P extends { data: unknown }> = Omit<P, 'data'> & { data: Packed<P['data']> }

/** Only for plain data: what JSON cannot say is lost. */
export const packed = <T>(data: T): Packed<T> => JSON.stringify(data)
