using Mayfly.Images.Building;

namespace Mayfly.Images.Dpkg;

/// <summary>Stages that are installed, and what they came to over those before.</summary>
/// <param name="Inputs">The hash of what they are made from (<see cref="DpkgStage.Inputs"/>).</param>
/// <param name="Packages">How many packages they are, those before included.</param>
/// <param name="Trees">The trees, lowest first.</param>
/// <param name="Compilation">What is compiled apart.</param>
internal sealed record ConfiguredStages(string Inputs, int Packages, IReadOnlyList<string> Trees, ByteCompilation.Span Compilation);
