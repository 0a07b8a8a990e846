// VolumeFormatsTests
