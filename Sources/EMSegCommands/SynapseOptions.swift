public import CommandLineInterface
public import Synapses

/// How a network's answer becomes synapses.
struct SynapseOptions {
  /// How partners are assigned.
  enum Partners: String, CaseIterable, ArgumentValue {
    case cleft, directions, sites

    /// The channel whose objects are looked at.
    var objectChannel: String { self == .cleft ? "cleft" : "postsynaptic" }
  }

  /// What tells which side sends.
  enum PolarityRule: String, CaseIterable, ArgumentValue {
    case automatic, network, contact
  }

  var partners = Partners.cleft
  var threshold = 0.5
  var closing = 20.0
  var minimumVolume = 100_000.0
  var polarity = PolarityRule.automatic
  var radius = 60.0
  var minimumContact = 2000.0
  var reach: Double?
  var minimumLength = 20.0
  var objectScore = DirectionPartners.Score.mean
  var minimumScore = 0.0
  var duplicateDistance = 100.0
  var siteDistance: Double?

  static let arguments: [Argument<SynapseOptions>] = [
    .option(
      "--partners", \.partners,
      "How the neurons that an object joins are told: those that touch a cleft; by directions from "
        + "receiving to sending sites; or by the sending site that is nearest to a receiving one."),
    .option(
      "--threshold", \.threshold, accepting: .from(1e-6...1),
      "The probability from which voxels are part of an object."),
    .option(
      "--closing", \.closing, placeholder: "NM", accepting: .atLeast(0),
      "Close gaps of about this width within sections."),
    .option(
      "--minimum-volume", \.minimumVolume, placeholder: "NM3", accepting: .atLeast(0),
      "Leave out objects of less than so many cubic nanometres."),
    .option(
      "--polarity", \.polarity,
      "Whether the network's channel presynaptic tells which side of a cleft sends, or the largest "
        + "contact does; automatic takes the channel where there is one."),
    .option(
      "--radius", \.radius, placeholder: "NM", accepting: .above(0),
      "How far from a cleft a segment may lie that it joins."),
    .option(
      "--minimum-contact", \.minimumContact, placeholder: "NM2", accepting: .atLeast(0),
      "Leave out segments with a smaller contact."),
    .option(
      "--reach", \.reach, placeholder: "NM", accepting: .ifGiven(.above(0)),
      "How far apart both sides may lie, by directions and sites; 600 when left out."),
    .option(
      "--minimum-length", \.minimumLength, placeholder: "NM", accepting: .atLeast(0),
      "The shortest direction that counts."),
    .option("--object-score", \.objectScore, "What scores an object, by directions."),
    .option(
      "--minimum-score", \.minimumScore, accepting: .atLeast(0),
      "Leave out synapses of lower score."),
    .option(
      "--merge-distance", \.duplicateDistance, placeholder: "NM", accepting: .atLeast(0),
      "Of synapses of the same neurons with both sides so near, keep that of the highest score."),
    .option(
      "--site-distance", \.siteDistance, placeholder: "NM", accepting: .ifGiven(.atLeast(0)),
      "Unite sending sites of a neuron that lie so near; 200 when left out, 0 for clefts."),
  ]

  /// The way to assign partners over a prediction's channels.
  func assignment(for prediction: SynapsePrediction) throws -> any PartnerAssignment {
    let object = try prediction.needed(partners.objectChannel, for: partners.rawValue)
    switch partners {
    case .cleft:
      var rule = CleftPartners.Polarity.contact
      if polarity == .network || polarity == .automatic && prediction.channel("presynaptic") != nil
      {
        rule = .channel(try prediction.needed("presynaptic", for: partners.rawValue))
      }
      return CleftPartners(
        cleftChannel: object, polarity: rule, radius: radius, minimumContact: minimumContact)
    case .directions:
      let reach = reach ?? 600
      guard minimumLength < reach else {
        throw UsageError(
          "--minimum-length", "is not below --reach", found: shortText(minimumLength),
          expected: "less than \(shortText(reach))")
      }
      let vectors = try ["direction_z", "direction_y", "direction_x"].map {
        try prediction.needed($0, for: partners.rawValue)
      }
      return DirectionPartners(
        siteChannel: object, vectorChannels: vectors, minimumLength: minimumLength, reach: reach,
        score: objectScore)
    case .sites:
      return SitePartners(
        postChannel: object,
        preChannel: try prediction.needed("presynaptic", for: partners.rawValue),
        threshold: threshold, reach: reach ?? 600)
    }
  }

  /// What is kept of the synapses that are found.
  var selection: SynapseSelection {
    SynapseSelection(
      minimumScore: minimumScore, duplicateDistance: duplicateDistance,
      siteDistance: siteDistance ?? (partners == .cleft ? 0 : 200))
  }
}

extension DirectionPartners.Score: ArgumentValue {}
