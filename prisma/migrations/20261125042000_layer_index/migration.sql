-- DropIndex
DROP INDEX "Layer_layerId_checkpointId_idx";
