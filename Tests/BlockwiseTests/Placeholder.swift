// BlockwiseTests
