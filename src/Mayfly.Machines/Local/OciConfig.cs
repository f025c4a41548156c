using System.Text.Json.Serialization;

namespace Mayfly.Machines.Local;

/// <summary>The parts of the OCI runtime specification's config.json (1.0) that Mayfly uses, by the specification's own names.</summary>
internal sealed record OciConfig
{
    public string OciVersion { get; init; } = "1.0.0";

    public required OciProcess Process { get; init; }

    public required OciRoot Root { get; init; }

    public required string Hostname { get; init; }

    public required IReadOnlyList<OciMount> Mounts { get; init; }

    public required OciLinux Linux { get; init; }
}

internal sealed record OciProcess
{
    public bool Terminal { get; init; }

    /// <summary>The size that the terminal begins with; crun (1.8) sets it while it already starts the command.</summary>
    public OciSize? ConsoleSize { get; init; }

    public required OciUser User { get; init; }

    public required IReadOnlyList<string> Args { get; init; }

    public required IReadOnlyList<string> Env { get; init; }

    public required string Cwd { get; init; }

    public required OciCapabilities Capabilities { get; init; }

    public required IReadOnlyList<OciLimit> Rlimits { get; init; }

    public bool NoNewPrivileges { get; init; } = true;
}

internal sealed record OciSize(int Height, int Width);

internal sealed record OciUser(int Uid, int Gid, IReadOnlyList<int> AdditionalGids);

internal sealed record OciCapabilities
{
    public OciCapabilities(IReadOnlyList<string> all) => (Bounding, Effective, Inheritable, Permitted, Ambient) = (all, all, all, all, all);

    [JsonConstructor]
    public OciCapabilities(IReadOnlyList<string> bounding, IReadOnlyList<string> effective, IReadOnlyList<string> inheritable, IReadOnlyList<string> permitted, IReadOnlyList<string> ambient) =>
        (Bounding, Effective, Inheritable, Permitted, Ambient) = (bounding, effective, inheritable, permitted, ambient);

    public IReadOnlyList<string> Bounding { get; init; }

    public IReadOnlyList<string> Effective { get; init; }

    public IReadOnlyList<string> Inheritable { get; init; }

    public IReadOnlyList<string> Permitted { get; init; }

    /// <summary>What a user other than root keeps over exec.</summary>
    public IReadOnlyList<string> Ambient { get; init; }
}

internal sealed record OciLimit(string Type, ulong Soft, ulong Hard);

internal sealed record OciRoot(string Path, bool Readonly = false);

internal sealed record OciMount(string Destination, string Type, string Source, IReadOnlyList<string> Options);

internal sealed record OciLinux
{
    public required IReadOnlyList<OciNamespace> Namespaces { get; init; }

    public required string CgroupsPath { get; init; }

    public required OciResources Resources { get; init; }

    public required OciSeccomp Seccomp { get; init; }

    public required IReadOnlyList<string> MaskedPaths { get; init; }

    public required IReadOnlyList<string> ReadonlyPaths { get; init; }

    public required IReadOnlyDictionary<string, string> Sysctl { get; init; }
}

internal sealed record OciNamespace(string Type, string? Path = null);

internal sealed record OciResources(IReadOnlyList<OciDeviceRule> Devices);

internal sealed record OciDeviceRule(bool Allow, string Access);

internal sealed record OciSeccomp
{
    public required string DefaultAction { get; init; }

    public required uint DefaultErrnoRet { get; init; }

    public required IReadOnlyList<OciSyscall> Syscalls { get; init; }
}

internal sealed record OciSyscall
{
    public required IReadOnlyList<string> Names { get; init; }

    public required string Action { get; init; }

    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<OciSyscallArgument>? Args { get; init; }
}

internal sealed record OciSyscallArgument(uint Index, ulong Value, ulong? ValueTwo, string Op);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciConfig))]
[JsonSerializable(typeof(OciProcess))]
internal sealed partial class OciJson : JsonSerializerContext;
