#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which `prisma generate` looks for and never starts.
// Anything that does start it (prisma migrate, db push) must fail aloud: an empty success would be a lie.
console.error(
  'Signscope does not use the native schema engine. Apply migrations with: npx tsx scripts/migrate.ts',
)
process.exit(1)
