namespace Mayfly.Packages.Transfer;

/// <summary>One file to have in the store, known by its hash.</summary>
/// <param name="Name">For people: <c>nginx 1.22.1-9</c>.</param>
/// <param name="Places">Where it may be had, in the order of preference.</param>
internal sealed record Wanted(string Name, string Sha256, long Size, IReadOnlyList<Uri> Places)
{
    /// <summary>What to do when every place was reached and none has it.</summary>
    public required string MissingHint { get; init; }
}
