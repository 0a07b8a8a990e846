import CommandLineInterface
import Proofreading
import SQLite
import VolumeStore

/// What edits have made of the supervoxels that tasks are about, looked up where it is needed.
struct EditedSupervoxels {
  private let project: ProjectArgument
  private let context: CommandContext
  /// Where nothing was edited, every question still arises, and the graph need not be read.
  private let isEdited: Bool
  private var state: SegmentState?

  init(
    _ project: ProjectArgument, _ database: ProofreadingDatabase, _ context: CommandContext
  ) throws(VolumeError) {
    self.project = project
    self.context = context
    isEdited = try database.sqlite.row("SELECT 1 FROM edit_entry LIMIT 1") != nil
  }

  /// Whether the question of a task still arises.
  mutating func standing(of task: ProofreadingTask) throws(VolumeError) -> Standing {
    guard isEdited else { return .open }
    let state: SegmentState
    if let known = self.state {
      state = known
    } else {
      do {
        state = try EditedProject(project, .read, context).log.state
      } catch let error as VolumeError {
        throw error
      } catch {
        throw VolumeError(
          .malformedMetadata, path: project.path, "the edits cannot be read", cause: error)
      }
      self.state = state
    }
    return try task.standing { (supervoxel) throws(VolumeError) in state.root(of: supervoxel) }
  }
}
