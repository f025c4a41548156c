using Mayfly.Images;
using Mayfly.Machines;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Python.Locking;

namespace Mayfly.Spec;

/// <summary>Everything that a <c>stack.cs</c> declares, read and found sound. Pure data; nothing here has happened yet.</summary>
internal sealed record StackSpec
{
    public required string Name { get; init; }

    public required string Zone { get; init; }

    public required DebianRelease Release { get; init; }

    /// <summary>The folder of <c>stack.cs</c>; the lock lies beside it.</summary>
    public required string Folder { get; init; }

    /// <summary>SHA-256 of the script's text: an edit of a test alone is a reason to test.</summary>
    public required string ScriptDigest { get; init; }

    /// <summary>In the order of starting: whatever a component uses stands before it.</summary>
    public required IReadOnlyList<ComponentSpec> Components { get; init; }

    public required IReadOnlyList<MachineSpec> Machines { get; init; }

    public required IReadOnlyList<Placed> Placement { get; init; }

    public required IReadOnlyList<PublishedPort> Published { get; init; }

    public required IReadOnlyList<SecretSpec> Secrets { get; init; }

    public required LicencePolicy Licences { get; init; }

    public ComponentSpec this[string component] => Components.First(c => c.Name == component);
}

/// <summary>One component, complete: presets filled in, links of what it uses turned into variables.</summary>
internal sealed record ComponentSpec
{
    public required string Name { get; init; }

    /// <summary>Debian packages as they were asked for.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    public required bool Recommends { get; init; }

    /// <summary>Environments of Python packages.</summary>
    public IReadOnlyList<EnvironmentRequest> Environments { get; init; } = [];

    public required ImageRecipe Recipe { get; init; }

    public required IReadOnlyList<string> Uses { get; init; }

    public required IReadOnlyList<IReadOnlyList<string>> Migrations { get; init; }

    /// <summary>The instance but for replica, machine, image and key, which are known later.</summary>
    public required InstanceSpec Instance { get; init; }

    /// <summary>True when it owns data, so that an old and a new instance may never run side by side.</summary>
    public bool HasData => Instance.Volumes.Count > 0;
}

/// <summary>A replica of a component on a machine.</summary>
internal sealed record Placed(string Component, int Replica, string Machine);

/// <summary>A secret by name and where its value comes from.</summary>
internal sealed record SecretSpec(string Name, SecretSource Source, string Reference);
