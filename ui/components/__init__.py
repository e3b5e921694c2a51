"""Components that Streamlit does not have: the live plot, the heatmap over a review, a button that copies the address."""
