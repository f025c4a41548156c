using Mayfly.Presets;

namespace Mayfly;

/// <summary>memcached as Debian packages it. Its users are given <c>CACHE_URL</c>.</summary>
public sealed class Memcached : Component
{
    internal Memcached(Stack stack, string name) : base(stack, name)
    {
    }

    internal int Megabytes { get; private set; } = 64;

    /// <summary>How much it may hold, in mebibytes.</summary>
    public Memcached Holds(int megabytes)
    {
        Megabytes = megabytes;
        return this;
    }

    private protected override ServicePreset Describe() => MemcachedPreset.Build(new MemcachedOptions { Megabytes = Megabytes });
}
