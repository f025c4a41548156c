namespace Mayfly.Images;

/// <summary>How an exported image is run by others; Mayfly itself takes this from the component.</summary>
public sealed record ImageConfiguration
{
    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? User { get; init; }

    public string? WorkingDirectory { get; init; }

    public IReadOnlyList<int> Ports { get; init; } = [];
}
