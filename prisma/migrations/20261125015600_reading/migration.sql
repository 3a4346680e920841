-- One file may be stored as several networks, or read in several ways.
-- DropIndex
DROP INDEX "Checkpoint_runId_step_sha256_key";
-- AlterTable
ALTER TABLE "Checkpoint" ADD COLUMN "mode" TEXT;
-- AlterTable
ALTER TABLE "Checkpoint" ADD COLUMN "schedule" TEXT;
