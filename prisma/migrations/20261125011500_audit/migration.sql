-- AlterTable
ALTER TABLE "Checkpoint" ADD COLUMN "audit" JSONB;
