-- AlterTable
ALTER TABLE "Checkpoint" ADD COLUMN "sweep" JSONB;

-- AlterTable
ALTER TABLE "Layer" ADD COLUMN "local" BLOB;
ALTER TABLE "Layer" ADD COLUMN "sweep" JSONB;
