using Mayfly.Images;
using Mayfly.Machines;
using Mayfly.Presets;

namespace Mayfly;

/// <summary>
/// A service with a hostname: what to install, what to run, the port it listens on, its health check, what it uses, the
/// data directories it owns. It knows no machine and no address. The verbs that describe it are in
/// <see cref="ComponentVerbs"/>; presets such as <see cref="Nginx"/> are components that begin half described.
/// </summary>
public class Component
{
    private bool _completed;

    internal Component(Stack stack, string name) => (Stack, Name) = (stack, name);

    /// <summary>The name, which is its hostname too.</summary>
    public string Name { get; }

    /// <summary>The full hostname: <c>web.shop.internal</c>.</summary>
    public string Host => $"{Name}.{Stack.Zone}";

    internal Stack Stack { get; }

    internal List<string> Packages { get; } = [];

    internal bool Recommends { get; set; }

    /// <summary>Environments of Python packages: the file that says which, the place in the image, whether Debian's own modules are seen in it, and whose sources may be built for it.</summary>
    internal List<(string File, string Into, bool SystemPackages, IReadOnlyList<string> AllowBuild)> Environments { get; } = [];

    internal List<Step> Steps { get; } = [];

    internal List<string> Command { get; } = [];

    internal List<IReadOnlyList<string>> Prepare { get; } = [];

    internal List<IReadOnlyList<string>> Migrations { get; } = [];

    internal string? User { get; set; }

    internal string? WorkingDirectory { get; set; }

    internal SortedDictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    internal SortedDictionary<string, Secret> Secrets { get; } = new(StringComparer.Ordinal);

    internal List<PortSpec> Ports { get; } = [];

    internal HealthCheck? Health { get; set; }

    internal List<VolumeUse> Data { get; } = [];

    internal List<RuntimeDirectory> RuntimeDirectories { get; } = [];

    internal List<string> Capabilities { get; } = [];

    internal List<Component> Used { get; } = [];

    internal List<(int HostPort, string? Address)> Published { get; } = [];

    internal string? StopSignal { get; set; }

    internal TimeSpan? StopTimeout { get; set; }

    internal int? ReplicaCount { get; set; }

    /// <summary>Secrets that a preset needs for itself.</summary>
    internal List<SecretUse> OwnSecrets { get; } = [];

    /// <summary>What a preset tells those that use it.</summary>
    internal List<ServiceOffer> Offers { get; } = [];

    /// <summary>The preset that this component began with; null for one described from nothing.</summary>
    private protected virtual ServicePreset? Describe() => null;

    /// <summary>Fills in from the preset whatever was not said, once all that it uses is complete.</summary>
    internal void Complete()
    {
        if (_completed || Describe() is not { } preset)
            return;
        _completed = true;
        Packages.InsertRange(0, preset.Packages);
        Steps.InsertRange(0, [.. preset.Before.Select(file => new Step.File(file, BeforePackages: true)), .. preset.Files.Select(file => new Step.File(file))]);
        Steps.AddRange(preset.Build.Select(command => new Step.Run(command)));
        if (Command.Count == 0)
            Command.AddRange(preset.Command);
        Prepare.InsertRange(0, preset.Prepare);
        User ??= preset.User;
        WorkingDirectory ??= preset.WorkingDirectory;
        foreach (var (variable, value) in preset.Environment)
            Environment.TryAdd(variable, value);
        OwnSecrets.AddRange(preset.Secrets);
        RuntimeDirectories.InsertRange(0, preset.RuntimeDirectories);
        foreach (var volume in preset.Volumes)
            this.Owns(volume.Path, volume.Owner, volume.Mode);
        if (Ports.Count == 0)
            Ports.AddRange(preset.Ports);
        Health ??= preset.Health;
        StopSignal ??= preset.StopSignal;
        StopTimeout ??= preset.StopTimeout;
        Offers.AddRange(preset.Offers);
    }

    /// <summary>The variables that a component which uses this one is given.</summary>
    internal IEnumerable<Link> Links()
    {
        var prefix = Variable(Name);
        yield return new Link($"{prefix}_HOST", Host);
        if (Ports is [var port, ..])
        {
            yield return new Link($"{prefix}_PORT", port.Port.ToString());
            if (Offers is [var first, ..])
                yield return new Link($"{prefix}_URL", first.Format.Replace("{host}", Host), first.Secret);
            else
                yield return new Link($"{prefix}_URL", $"{port.Name}://{Host}:{port.Port}");
        }

        foreach (var offer in Offers)
            yield return new Link(offer.Variable, offer.Format.Replace("{host}", Host), offer.Secret);
    }

    /// <summary>A name as the beginning of a variable: <c>search-index</c> becomes <c>SEARCH_INDEX</c>.</summary>
    internal static string Variable(string name) => name.ToUpperInvariant().Replace('-', '_');

    /// <summary>One step at build time, before paths are resolved and templates rendered.</summary>
    internal abstract record Step
    {
        public sealed record Copy(string Source, string Path, string Owner, int? Mode) : Step;

        public sealed record Template(string Source, string Path, string Owner, int? Mode, IReadOnlyDictionary<string, string> Values) : Step;

        public sealed record File(ImageFile Contents, bool BeforePackages = false) : Step;

        public sealed record Run(CommandStep Command) : Step;
    }

    /// <summary>A variable given to users of a component; a value with <c>{secret}</c> in it names the secret to put there.</summary>
    internal sealed record Link(string Variable, string Value, string? Secret = null);
}
