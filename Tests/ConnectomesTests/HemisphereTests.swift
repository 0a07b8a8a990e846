import Connectomes
import Testing

@Suite struct HemisphereTests {
  @Test(
    arguments: [
      ("ctx-lh-cuneus", Hemisphere.left, "cuneus"),
      ("ctx_rh_G_cuneus", .right, "G_cuneus"), ("lh.bankssts", .left, "bankssts"),
      ("rh_bankssts", .right, "bankssts"), ("Left-Thalamus-Proper", .left, "Thalamus-Proper"),
      ("Right-Accumbens-area", .right, "Accumbens-area"), ("left putamen", .left, "putamen"),
      ("L_V1_ROI", .left, "V1_ROI"), ("R.AMYG", .right, "AMYG"),
      ("Precentral_L", .left, "Precentral"), ("Frontal_Sup_2_R", .right, "Frontal_Sup_2"),
      ("7Networks_LH_Vis_1", .left, "Vis_1"), ("Brain-Stem", .midline, "Brain-Stem"),
      ("Vermis_1_2", .midline, "Vermis_1_2"), ("", .midline, ""), ("L", .midline, "L"),
      ("Lobule", .midline, "Lobule"), ("3rd-Ventricle", .midline, "3rd-Ventricle"),
    ])
  func `a side is told from a name`(name: String, side: Hemisphere, rest: String) {
    let sided = ConnectomeNode(label: 1, name: name).sided
    #expect(sided.hemisphere == side)
    #expect(sided.name == rest)
  }
}
