namespace Mayfly.Machines.Local;

/// <summary>The environments of Python packages of one component, as its instances run.</summary>
/// <param name="Component">Its name.</param>
/// <param name="Folders">Where they are in the image, in the order in which their programs are looked for.</param>
/// <param name="Layers">The image's, lowest first.</param>
internal sealed record StackEnvironment(string Component, IReadOnlyList<string> Folders, IReadOnlyList<string> Layers)
{
    /// <summary>Of each component that has some: their programs come before the image's own on its PATH.</summary>
    public static IReadOnlyList<StackEnvironment> Of(IEnumerable<InstanceSpec> running) =>
        [.. running.DistinctBy(static spec => spec.Component).Select(static spec => new StackEnvironment(spec.Component, Before(spec.Environment.GetValueOrDefault("PATH") ?? ""), spec.Layers)).Where(static one => one.Folders.Count > 0)];

    private static IReadOnlyList<string> Before(string path) => !path.EndsWith($":{InstanceSpec.DefaultPath}", StringComparison.Ordinal) ? []
        : [.. path[..^(InstanceSpec.DefaultPath.Length + 1)].Split(':').Where(static folder => folder.StartsWith('/') && folder.EndsWith("/bin", StringComparison.Ordinal)).Select(static folder => folder[..^"/bin".Length])];
}
