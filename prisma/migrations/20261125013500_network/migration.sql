-- AlterTable
ALTER TABLE "Checkpoint" ADD COLUMN "network" TEXT;
