"""Pages of both generations, written by hand for the tests: albums, texts and addresses are made up."""

ADDRESS = "https://site.example/album/the-tin-lanterns-mw0001234567"

OLDER = """<!DOCTYPE html>
<html><head>
<meta charset="utf-8">
<title>The Tin Lanterns - Ottoline Fenn | Songs, Reviews, Credits</title>
<link rel="canonical" href="https://site.example/album/the-tin-lanterns-mw0001234567">
</head>
<body itemscope itemtype="http://schema.org/MusicAlbum">
<nav><div class="genre"><a href="/genre/menu-ma0000000001">Genre of the menu</a></div>
<section class="moods"><a href="/mood/menu-xa0000000001">Mood of the menu</a></section></nav>
<div class="sidebar">
  <div class="album-cover"><div class="album-contain">
    <img src="https://pictures.example/tin-lanterns.jpg?size=500" alt="The Tin Lanterns"></div></div>
  <section class="basic-info">
    <div class="release-date"><h4>Release Date</h4><span>September 3, 1974</span></div>
    <div class="genre"><h4>Genre</h4><div><a href="https://site.example/genre/folk-ma0000000022">Folk</a></div></div>
    <div class="styles"><h4>Styles</h4><div>
      <a href="/style/lantern-folk-ma0000000031">Lantern Folk</a>
      <a href="/style/harbour-ballads-ma0000000032">Harbour Ballads</a></div></div>
  </section>
  <section class="moods"><h3>Album Moods</h3><div>
    <span class="mood"><a href="/mood/wistful-xa0000001111">Wistful</a></span>
    <span class="mood"><a href="/mood/amiable-good-natured-xa0000001112">Amiable/Good-Natured</a></span>
    <span class="mood"><a href="/mood/wistful-xa0000001111">Wistful</a></span></div></section>
  <section class="themes"><h3>Themes</h3>
    <span class="theme"><a href="/theme/rainy-day-ma0000002221">Rainy Day</a></span></section>
</div>
<h2 class="album-artist" itemprop="byArtist" itemscope itemtype="http://schema.org/MusicGroup">
  <span itemprop="name"><a href="/artist/ottoline-fenn-mn0000000333">Ottoline Fenn</a></span></h2>
<h1 class="album-title" itemprop="name"> The Tin   Lanterns </h1>
<div class="allmusic-rating rating-allmusic-8" itemprop="rating">8</div>
<section class="review read-more" itemprop="review" itemscope itemtype="http://schema.org/Review">
  <h3 class="review-author headline">Album Review by <span itemprop="author">Bram Quill</span></h3>
  <div class="text" itemprop="reviewBody"><p>Fenn sings to a <i>harbour</i> that is not there.</p>
  <p>It answers.</p></div>
</section>
<section class="user-reviews"><div class="review"><p>Listeners found it quiet.</p></div></section>
<table><tr itemprop="track" itemscope><td itemprop="name">A Track, Not The Album</td></tr></table>
</body></html>"""

NEWER = """<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta property="og:title" content="Glass Orchard - Pell & Ivory | AllMusic">
<meta property="og:url" content="https://site.example/album/glass-orchard-mw0007654321">
<meta property="og:image" content="//pictures.example/glass.jpg">
<script type="application/ld+json">{"@context": "http://schema.org", "@type": "MusicAlbum", "name": "Glass Orchard",
 "byArtist": [{"@type": "MusicGroup", "name": "Pell"}, {"@type": "MusicGroup", "name": "Ivory"}]}</script>
</head><body>
<nav><div class="genre"><a href="/genre/menu-ma0000000001">Genre of the menu</a></div></nav>
<div id="albumHeadline"><h1 id="albumTitle">Glass Orchard</h1>
<h2 id="albumArtists"><a href="/artist/pell-mn0000000441">Pell</a>,
<a href="/artist/ivory-mn0000000442">Ivory</a></h2></div>
<div id="basicInfoMeta">
<div id="releaseDate"><h4>Release Date</h4><span>March 2019</span></div>
<div class="genre"><h4>Genre</h4><div><a href="/genre/electronic-ma0000000023">Electronic</a>
<a href="/genre/jazz-ma0000000024">Jazz</a></div></div>
<div class="styles"><h4>Styles</h4><div><a href="/style/orchard-pop-ma0000000041">Orchard Pop</a></div></div></div>
<div class="allmusicRating ratingAllmusic7"></div>
<ul class="tabs"><li id="reviewTab">Review</li><li id="moodsThemesTab">Moods and Themes</li></ul>
</body></html>"""

NEWER_ADDRESS = "https://site.example/album/glass-orchard-mw0007654321"

REVIEW = """<div id="review"><h3>Glass Orchard Review by Ada Pane</h3>
<p>Thin, bright and far away.<br>Then nearer.</p><p></p><p>It breaks.</p></div>"""

NO_REVIEW = '<div id="review"><h3>Glass Orchard</h3></div>'

MOODS = """<div id="moodsThemes"><div id="moodsGrid"><h3>Album Moods</h3>
<div><a href="/mood/cold-xa0000003331" title="Cold">Cold (4)</a></div>
<div><a href="/mood/brittle-xa0000003332" title="Brittle">Brittle (10)</a></div>
<div><a href="/mood/late-night-xa0000003333" title="Late Night">Late Night (7)</a></div></div>
<div id="themesGrid"><h3>Album Themes</h3><a href="/theme/winter-ma0000004441">Winter (2)</a></div></div>"""
