-- AlterTable
ALTER TABLE "Checkpoint" ADD COLUMN "sampleCosine" REAL;

-- CreateIndex
CREATE INDEX "Checkpoint_list" ON "Checkpoint"("runId", "step", "revision", "id", "outputSqnr", "sampleCosine", "createdAt");

-- CreateIndex
CREATE INDEX "Run_teacherName_idx" ON "Run"("teacherName");

-- What the column holds of checkpoints that are stored already.
UPDATE "Checkpoint" SET "sampleCosine" = "samples" ->> 'cosineToTeacher' WHERE "samples" IS NOT NULL;
