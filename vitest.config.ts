import path from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': path.resolve(import.meta.dirname ?? '.') } },
  test: {
    include: ['tests/unit/**/*.test.{ts,tsx}', 'tests/charts/**/*.test.{ts,tsx}'],
    globalSetup: ['tests/unit/store/generate-client.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
