using Mayfly.Presets;

namespace Mayfly;

/// <summary>Redis as Debian packages it, as a cache unless it is <see cref="Durable"/>. Its users are given <c>REDIS_URL</c>.</summary>
public sealed class Redis : Component
{
    internal Redis(Stack stack, string name) : base(stack, name)
    {
    }

    internal bool IsDurable { get; private set; }

    /// <summary>Keeps its data through a restart; without it Redis is a cache.</summary>
    public Redis Durable()
    {
        IsDurable = true;
        return this;
    }

    private protected override ServicePreset Describe() => RedisPreset.Build(new RedisOptions { Durable = IsDurable });
}
