import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Formula, mathOf } from '../../../app/_learn/formula'
import { termIds, termOf } from '../../../app/_learn/glossary'

const markup = (text: string) => renderToStaticMarkup(<Formula text={text} />)

test('subscripts, powers and names of several letters', () => {
  expect(markup('σ_1 sign(w)^2')).toBe(
    '<math><msub><mi>σ</mi><mn>1</mn></msub><mspace width="0.17em"></mspace><mi>sign</mi><mo stretchy="false">(</mo><mi>w</mi><msup><mo stretchy="false">)</mo><mn>2</mn></msup></math>',
  )
})

test('a fraction takes the group on either side', () => {
  expect(markup('2 {a + b} // {c_2}')).toBe(
    '<math><mn>2</mn><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mrow><msub><mi>c</mi><mn>2</mn></msub></mrow></mfrac></math>',
  )
})

test('roots, words and sums', () => {
  expect(markup('√{x} "if" Σ y')).toBe(
    '<math><msqrt><mrow><mi>x</mi></mrow></msqrt><mtext>\u00a0if\u00a0</mtext><mo>Σ</mo><mi>y</mi></math>',
  )
})

test('a brace without its pair is refused', () => {
  expect(() => mathOf('{a')).toThrow(RangeError)
  expect(() => mathOf('a}')).toThrow(RangeError)
  expect(() => mathOf('a_')).toThrow(RangeError)
})

test('every formula of the glossary can be drawn, none with braces or underscores left', () => {
  for (const id of termIds) {
    const { formula } = termOf(id)
    if (formula) expect(renderToStaticMarkup(<Formula text={formula} />), id).not.toMatch(/[{}_^]|<mo>\//)
  }
})
