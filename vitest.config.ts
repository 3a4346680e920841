import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': path.resolve(import.meta.dirname ?? '.') } },
  test: {
    include: ['tests/unit/**/*.test.{ts,tsx}', 'tests/charts/**/*.test.{ts,tsx}'],
    globalSetup: ['tests/unit/store/generate-client.ts', 'tests/unit/engine/compile-kernels.ts'],
    // by itself vitest leaves one core idle, which on two is half of the machine
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
