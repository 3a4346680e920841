'use client'

import { useState } from 'react'
import { latest } from '../../lib/record/view'
import { CheckpointBadge } from '../_charts/checkpoint-mark'
import { formatCount } from '../_ui/format'
import { ContextItem } from '../_ui/page-shell'
import { fullName, referenceOf } from './compare-names'
import type { CompareChoice, ComparedCheckpoint } from './load-compare'

export type ComparePickerProps = {
  checkpoints: ComparedCheckpoint[]
  choices: CompareChoice[]
  /** Called with the new references, baseline first. */
  onChange: (references: string[]) => void
}

/** The compared checkpoints in order: each can change its step, move towards the baseline, or go; more can join. */
export function ComparePicker({ checkpoints, choices, onChange }: ComparePickerProps) {
  const references = checkpoints.map(referenceOf)
  const replace = (i: number, reference: string) =>
    onChange(references.map((other, k) => (k === i ? reference : other)))
  const forward = (i: number) => {
    const next = [...references]
    next.splice(i - 1, 2, references[i]!, references[i - 1]!)
    onChange(next)
  }
  return (
    <>
      {checkpoints.map((c, i) => {
        const steps = choices.find((choice) => choice.name === c.run.name)?.steps ?? [c.step]
        return (
          <ContextItem key={c.id} name={i === 0 ? 'baseline' : 'against'}>
            <CheckpointBadge look={{ slot: c.run.slot, age: c.age }} />
            <span>{c.run.name}</span>
            <select
              className="step-select"
              aria-label={`Step of ${c.run.name}`}
              value={c.isLatest ? latest : c.step}
              onChange={(event) => replace(i, `${c.run.name}@${event.target.value}`)}
            >
              {steps.map((step) => (
                <option key={step} value={step}>
                  {formatCount(step)}
                </option>
              ))}
              <option value={latest}>latest{c.isLatest && `, ${formatCount(c.step)}`}</option>
            </select>
            <span className="picker-edit">
              {i > 0 && (
                <button
                  type="button"
                  className="text-button"
                  aria-label={`Move ${fullName(c)} forward`}
                  title={i === 1 ? 'Make it the baseline' : 'Move forward'}
                  onClick={() => forward(i)}
                >
                  ‹
                </button>
              )}
              <button
                type="button"
                className="text-button"
                aria-label={`Remove ${fullName(c)}`}
                title="Remove"
                onClick={() => onChange(references.filter((_, k) => k !== i))}
              >
                ×
              </button>
            </span>
          </ContextItem>
        )
      })}
      <AddCheckpoint
        choices={choices}
        taken={checkpoints.map((c) => `${c.run.name}@${c.step}`)}
        onAdd={(reference) => onChange([...references, reference])}
      />
      <span className="picker-narrow">More than two, and their order, are chosen on a wider screen.</span>
    </>
  )
}

type AddProps = { choices: CompareChoice[]; taken: string[]; onAdd: (reference: string) => void }

/** Latest checkpoints first, then the rest, so that the usual choice is near. */
export function AddCheckpoint({ choices, taken, onAdd }: AddProps) {
  const [value, setValue] = useState('')
  const free = choices
    .map((choice) => ({
      ...choice,
      steps: choice.steps.filter((step) => !taken.includes(`${choice.name}@${step}`)).toReversed(),
    }))
    .filter((choice) => choice.steps.length > 0)
  return (
    <span className="picker-add">
      <select
        className="step-select"
        aria-label="Add a checkpoint"
        value={value}
        onChange={(event) => {
          setValue('')
          if (event.target.value) onAdd(event.target.value)
        }}
      >
        <option value="">+ add checkpoint</option>
        {choices.some(({ steps, stored }) => steps.length < stored) && (
          <option disabled>the latest of each run; its other steps once it is compared</option>
        )}
        {free.map((choice) => (
          <optgroup key={choice.name} label={choice.name}>
            {choice.steps.map((step) => (
              <option key={step} value={`${choice.name}@${step}`}>
                {choice.name} · {formatCount(step)}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </span>
  )
}
