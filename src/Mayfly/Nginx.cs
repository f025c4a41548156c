using Mayfly.Presets;

namespace Mayfly;

/// <summary>Nginx as Debian packages it, in front of others: <c>shop.Nginx("www").Balances(web).Publishes(8080)</c>.</summary>
public sealed class Nginx : Component
{
    internal Nginx(Stack stack, string name) : base(stack, name)
    {
    }

    internal Component? Upstream { get; private set; }

    internal List<StaticLocation> StaticFolders { get; } = [];

    internal string? Extra { get; private set; }

    /// <summary>Passes requests on to all replicas of a component, found by name anew every second.</summary>
    public Nginx Balances(Component upstream)
    {
        Upstream = upstream;
        if (!Used.Contains(upstream))
            Used.Add(upstream);
        return this;
    }

    /// <summary>Serves files itself below a location: <c>Serves("/static/", "public")</c>.</summary>
    /// <param name="location">The URL path, ending in a slash.</param>
    /// <param name="folder">The folder, relative to <c>stack.cs</c>, that is copied into the image.</param>
    public Nginx Serves(string location, string folder)
    {
        var path = $"/srv/{Name}{location}";
        Steps.Add(new Step.Copy(folder, path, "root:root", null));
        StaticFolders.Add(new StaticLocation(location, path));
        return this;
    }

    private protected override ServicePreset Describe()
    {
        if (Upstream is { Ports: [] })
            throw new MayflyException($"component {Name} balances {Upstream.Name}, which listens on no port", $"add .Listens(port) to {Upstream.Name}");
        return NginxPreset.Build(new NginxOptions
        {
            Proxies = Upstream is { Ports: [var port, ..] } ? [new NginxProxy("/", Upstream.Host, port.Port)] : [],
            Static = StaticFolders,
            Server = Extra ?? "",
        });
    }

    /// <summary>Directives put into the server block as they are.</summary>
    public Nginx With(string directives)
    {
        Extra = Extra is null ? directives : $"{Extra}\n{directives}";
        return this;
    }
}
