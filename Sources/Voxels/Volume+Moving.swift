extension Volume {
  /// The same values covering a box of the same size elsewhere in the dataset.
  @inlinable
  public consuming func moved(to origin: VoxelPosition) -> Volume {
    Volume(
      channels: channels, box: VoxelBox(origin: origin, extent: box.extent), values: storage)
  }
}
