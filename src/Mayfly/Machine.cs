namespace Mayfly;

/// <summary>A named pod of a size that hosts components: <c>shop.Machine("box").Hosts(www, web)</c>.</summary>
public sealed class Machine
{
    private readonly List<Component> _hosted = [];

    internal Machine(string name, Size size, int count) => (Name, Size, Count) = (name, size, count);

    /// <summary>The name; with a count above one the machines are <c>name-1</c>, <c>name-2</c>, ….</summary>
    public string Name { get; }

    /// <summary>How much each of them may use.</summary>
    public Size Size { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    internal IReadOnlyList<Component> Hosted => _hosted;

    /// <summary>Places components on this machine; with a count above one, a replica of each on every one of them.</summary>
    public Machine Hosts(params Component[] components)
    {
        _hosted.AddRange(components);
        return this;
    }
}
