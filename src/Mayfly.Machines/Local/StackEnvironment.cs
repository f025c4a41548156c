namespace Mayfly.Machines.Local;

/// <summary>The environments of Python packages of one component, as its instances run.</summary>
/// <param name="Component">Its name.</param>
/// <param name="Folders">Where they are in the image, in the order in which their programs are looked for.</param>
/// <param name="Layers">The image's, lowest first.</param>
/// <param name="Variables">What its programs are given as environment variables, and a shell can have too.</param>
/// <param name="Secret">Names of the variables that hold secrets.</param>
internal sealed record StackEnvironment(string Component, IReadOnlyList<string> Folders, IReadOnlyList<string> Layers, IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Secret)
{
    /// <summary>Variables that say who somebody is, where he sits and which language he reads.</summary>
    private static readonly string[] Personal = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "TERM", "LANG", "LANGUAGE"];

    /// <summary>Of each component that has some: their programs come before the image's own on its PATH.</summary>
    public static IReadOnlyList<StackEnvironment> Of(IEnumerable<InstanceSpec> running) =>
        [.. running.DistinctBy(static spec => spec.Component).Select(Of).Where(static one => one.Folders.Count > 0)];

    private static StackEnvironment Of(InstanceSpec spec) => new(spec.Component, Before(spec.Environment.GetValueOrDefault("PATH") ?? ""), spec.Layers,
        spec.Environment.Where(static one => IsForShells(one.Key)).OrderBy(static one => one.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal),
        [.. spec.Secrets.Select(static use => use.Variable).OfType<string>().Order(StringComparer.Ordinal)]);

    /// <summary>What the dynamic linker reads (ld.so(8)) names libraries of the image, and the shell is a program of the host; shells know no names but their own language's (XCU 2.5.3).</summary>
    private static bool IsForShells(string name) => !Personal.Contains(name) && !name.StartsWith("LD_", StringComparison.Ordinal) && !name.StartsWith("LC_", StringComparison.Ordinal)
        && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static IReadOnlyList<string> Before(string path) => !path.EndsWith($":{InstanceSpec.DefaultPath}", StringComparison.Ordinal) ? []
        : [.. path[..^(InstanceSpec.DefaultPath.Length + 1)].Split(':').Where(static folder => folder.StartsWith('/') && folder.EndsWith("/bin", StringComparison.Ordinal)).Select(static folder => folder[..^"/bin".Length])];
}
