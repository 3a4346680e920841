-- AlterTable
ALTER TABLE "Checkpoint" ADD COLUMN "unrun" TEXT;
