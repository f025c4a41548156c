namespace Mayfly;

/// <summary>The Ubuntu releases that images can be based on.</summary>
public static class Ubuntu
{
    /// <summary>Ubuntu 24.04 LTS.</summary>
    public static DebianRelease Noble { get; } = new("noble");
}
